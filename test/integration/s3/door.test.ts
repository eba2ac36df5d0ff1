/** The door byte by byte, where SDKs would smooth things over: names, mounts, presigned URLs, continuation, signed chunks. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type RawAnswer, RawConnection } from './raw-http.ts'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3-server.ts'
import { presign, sha256, sign, signChunks } from './signer.ts'

const bucket = 'door-bucket'
let server: S3Server

before(async () => {
  server = await startS3Server()
  equal((await ask({ method: 'PUT', target: `/${bucket}` }))?.status, 200)
})
after(() => server[Symbol.asyncDispose]())

interface Question {
  readonly method?: string
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly contentHash?: string
  readonly isSigned?: boolean
  readonly port?: number
}

async function ask({
  method = 'GET',
  target,
  headers = {},
  body = '',
  contentHash = sha256(body),
  isSigned = true,
  port = server.port,
}: Question): Promise<RawAnswer | undefined> {
  const plain = { host: `127.0.0.1:${port}`, 'content-length': String(body.length), ...headers }
  const all = isSigned ? sign({ method, target, headers: plain, contentHash }).headers : plain
  return askRaw(`${printHead(method, target, all)}${body}`, { method, port })
}

async function askRaw(
  request: string,
  { method = 'GET', port = server.port } = {},
): Promise<RawAnswer | undefined> {
  await using connection = await RawConnection.open(port)
  await connection.send(request)
  return await connection.answer({ toHead: method === 'HEAD' }) // before the connection goes
}

function printHead(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}

test('path style and virtual-host style name the same object', async () => {
  await ask({ method: 'PUT', target: `/${bucket}/styled/a%20b`, body: 'hello' })
  const host = `${bucket}.localhost:${server.port}`
  const virtual = await ask({ target: '/styled/a%20b', headers: { host } })
  equal(virtual?.body, 'hello')
  match((await ask({ target: '/?list-type=2', headers: { host } }))?.body ?? '', /styled\/a b/)
  equal(
    (await ask({ method: 'PUT', target: '/styled/c', headers: { host }, body: 'x' }))?.status,
    200,
  )
  equal((await ask({ target: `/${bucket}/styled/c` }))?.body, 'x')
})

test('a bucket may be made and removed by its host name', async () => {
  const host = `by-host.localhost:${server.port}`
  equal(
    (await ask({ method: 'PUT', target: '/', headers: { host } }))?.headers['location'],
    '/by-host',
  )
  equal((await ask({ method: 'HEAD', target: '/by-host' }))?.status, 200)
  equal((await ask({ method: 'DELETE', target: '/', headers: { host } }))?.status, 204)
})

test('a slash after the bucket, x-id and empty values change nothing', async () => {
  equal((await ask({ method: 'HEAD', target: `/${bucket}/` }))?.status, 200)
  const body = '<Delete><Object><Key>nothing</Key></Object></Delete>'
  equal((await ask({ method: 'POST', target: `/${bucket}/?delete=`, body }))?.status, 200)
  const put = await ask({ method: 'PUT', target: `/${bucket}/x?x-id=PutObject`, body: 'x' })
  equal(put?.status, 200)
})

test('keys are taken as they are: dots, double and leading slashes, escapes', async () => {
  for (const key of ['..', 'a/../b', '/lead', 'a//b', '%2F', '%252F', 'a+b', '%E6%97%A5', '~*']) {
    const target = `/${bucket}/odd/${key}`
    equal((await ask({ method: 'PUT', target, body: key }))?.status, 200, key)
    equal((await ask({ target }))?.body, key)
  }
  const { body = '' } = (await ask({ target: `/${bucket}?prefix=odd%2F` })) ?? {}
  const keys = [...body.matchAll(/<Key>odd\/([^<]*)<\/Key>/g)].map(([, key]) => key)
  deepEqual(
    new Set(keys),
    new Set(['..', 'a/../b', '/lead', 'a//b', '/', '%2F', 'a+b', '日', '~*']),
  )
})

test('header bytes that are no ASCII come back as they went', async () => {
  const value = Buffer.from('ü — 日本').toString('latin1')
  const target = `/${bucket}/bytes`
  await ask({ method: 'PUT', target, headers: { 'x-amz-meta-name': value } })
  equal((await ask({ method: 'HEAD', target }))?.headers['x-amz-meta-name'], value)
})

test('what nobody named has the type that S3 gives it', async () => {
  const target = `/${bucket}/typeless`
  await ask({ method: 'PUT', target, body: 'hello' })
  equal((await ask({ target }))?.headers['content-type'], 'binary/octet-stream')
})

test('answers to HEAD have headers and no body, also when they refuse', async () => {
  await ask({ method: 'PUT', target: `/${bucket}/headed`, body: 'hello' })
  const there = await ask({ method: 'HEAD', target: `/${bucket}/headed` })
  deepEqual([there?.status, there?.headers['content-length'], there?.body], [200, '5', ''])
  const missing = await ask({ method: 'HEAD', target: `/${bucket}/missing` })
  deepEqual([missing?.status, missing?.body], [404, ''])
})

test('a refusal names what it is about', async () => {
  const target = `/${bucket}/named`
  await ask({ method: 'PUT', target, body: 'hello' })
  const cases: readonly (readonly [Question, string])[] = [
    [{ target: '/no-such-bucket' }, '<BucketName>no-such-bucket<'],
    [{ target: `/${bucket}/no%20such` }, '<Key>no such<'],
    [{ method: 'DELETE', target: `${target}?uploadId=abc` }, '<UploadId>abc<'],
    [{ target, headers: { 'if-match': 'x' } }, '<Condition>If-Match<'],
    [{ method: 'PUT', target, headers: { 'if-none-match': '*' } }, '<Condition>If-None-Match<'],
  ]
  for (const [question, element] of cases) {
    const { body = '' } = (await ask(question)) ?? {}
    ok(body.includes(element), body)
  }
})

test('an unsatisfiable range tells the size', async () => {
  await ask({ method: 'PUT', target: `/${bucket}/short`, body: 'hello' })
  const answer = await ask({ target: `/${bucket}/short`, headers: { range: 'bytes=9-' } })
  equal(answer?.status, 416)
  equal(answer.headers['content-range'], 'bytes */5')
  match(answer.body, /<ActualObjectSize>5</)
})

test('If-Range keeps a range only of the same object', async () => {
  const target = `/${bucket}/if-range`
  const { headers: told } = (await ask({ method: 'PUT', target, body: 'hello' })) ?? {}
  const range = { range: 'bytes=1-2' }
  const same = await ask({ target, headers: { ...range, 'if-range': told?.['etag'] ?? '' } })
  deepEqual([same?.status, same?.body], [206, 'el'])
  const other = await ask({ target, headers: { ...range, 'if-range': '"other"' } })
  deepEqual([other?.status, other?.body], [200, 'hello'])
})

test('presigned URLs read and write, and need no headers', async () => {
  const headers = { host: `127.0.0.1:${server.port}` }
  const target = `/${bucket}/presigned`
  const putTarget = presign({ method: 'PUT', target, headers, expiresSeconds: 60 })
  const put = await askRaw(
    `${printHead('PUT', putTarget, { ...headers, 'content-length': '5' })}hello`,
  )
  equal(put?.status, 200, put?.body ?? 'no answer')
  const getTarget = presign({ method: 'GET', target, headers, expiresSeconds: 604_800 })
  equal((await askRaw(printHead('GET', getTarget, headers)))?.body, 'hello')
})

test('x-amz headers may stand in the URL that was presigned', async () => {
  const headers = { host: `127.0.0.1:${server.port}` }
  const target = presign({
    method: 'PUT',
    target: `/${bucket}/hoisted?x-amz-meta-color=r%C3%B6d`,
    headers,
    expiresSeconds: 60,
  })
  const put = await askRaw(
    `${printHead('PUT', target, { ...headers, 'content-length': '5' })}hello`,
  )
  equal(put?.status, 200, put?.body ?? 'no answer')
  const head = await ask({ method: 'HEAD', target: `/${bucket}/hoisted` })
  equal(Buffer.from(head?.headers['x-amz-meta-color'] ?? '', 'latin1').toString(), 'röd')
})

test('the old presigned URLs that boto3 makes by default are taken', async () => {
  await ask({ method: 'PUT', target: `/${bucket}/old`, body: 'hello' })
  const expires = Math.floor(Date.now() / 1000) + 60
  const toSign = `GET\n\n\n${expires}\n/${bucket}/old`
  const signature = createHmac('sha1', secret).update(toSign).digest('base64')
  const query = `AWSAccessKeyId=${accessKeyId}&Signature=${encodeURIComponent(signature)}&Expires=${expires}`
  const headers = { host: `127.0.0.1:${server.port}` }
  equal((await askRaw(printHead('GET', `/${bucket}/old?${query}`, headers)))?.body, 'hello')
  const virtual = { host: `${bucket}.localhost` }
  equal((await askRaw(printHead('GET', `/old?${query}`, virtual)))?.body, 'hello')
})

test('signed chunks are taken', async () => {
  const target = `/${bucket}/chunks`
  const chunks = ['a'.repeat(70_000), 'b'.repeat(10), 'c']
  const bytes = chunks.join('').length
  const headers = {
    host: `127.0.0.1:${server.port}`,
    'content-encoding': 'aws-chunked,gzip',
    'transfer-encoding': 'chunked',
    'x-amz-decoded-content-length': String(bytes),
  }
  const contentHash = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  const signed = sign({ method: 'PUT', target, headers, contentHash })
  const framed = signChunks(chunks, signed)
  const transfer = `${framed.length.toString(16)}\r\n${framed}\r\n0\r\n\r\n`
  const put = await askRaw(printHead('PUT', target, signed.headers) + transfer)
  equal(put?.status, 200, put?.body ?? 'no answer')
  const back = await ask({ target })
  equal(back?.body, chunks.join(''))
  equal(back.headers['content-encoding'], 'gzip')
})

test('a body without stated length is taken when it comes in transfer chunks', async () => {
  const target = `/${bucket}/unstated`
  const headers = { host: `127.0.0.1:${server.port}`, 'transfer-encoding': 'chunked' }
  const signed = sign({ method: 'PUT', target, headers, contentHash: 'UNSIGNED-PAYLOAD' })
  const put = await askRaw(`${printHead('PUT', target, signed.headers)}5\r\nhello\r\n0\r\n\r\n`)
  equal(put?.status, 200, put?.body ?? 'no answer')
  equal((await ask({ target }))?.body, 'hello')
})

test('only a body without aws-chunked framing keeps its bytes, whatever its encoding says', async () => {
  const target = `/${bucket}/named-chunked`
  const headers = { 'content-encoding': 'gzip, aws-chunked' }
  await ask({ method: 'PUT', target, headers, body: '5\r\nhello\r\n0\r\n\r\n' })
  const back = await ask({ target })
  equal(back?.body, '5\r\nhello\r\n0\r\n\r\n')
  equal(back.headers['content-encoding'], 'gzip')
})

test('100-continue comes for what is allowed, the refusal at once for what is not', async () => {
  const headers = {
    host: `127.0.0.1:${server.port}`,
    expect: '100-continue',
    'content-length': '5',
  }
  const allowed = sign({
    method: 'PUT',
    target: `/${bucket}/expected`,
    headers,
    contentHash: sha256('hello'),
  })
  await using connection = await RawConnection.open(server.port)
  await connection.send(printHead('PUT', `/${bucket}/expected`, allowed.headers))
  equal((await connection.answer())?.status, 100)
  await connection.send('hello')
  equal((await connection.answer())?.status, 200)
  equal((await askRaw(printHead('PUT', `/${bucket}/expected`, headers)))?.status, 403)
  const nowhere = '/no-such-bucket/expected'
  const lost = sign({ method: 'PUT', target: nowhere, headers, contentHash: sha256('hello') })
  equal((await askRaw(printHead('PUT', nowhere, lost.headers)))?.status, 404)
})

test('the plain sequence of PUT, list and GET works without credentials, and without making the bucket first', async () => {
  const local = { isSigned: false, port: server.localPort }
  const target = '/s3/mybucket/testfile.txt'
  const put = await ask({ ...local, method: 'PUT', target, body: 'Hello' })
  equal(put?.status, 200)
  match(put.headers['etag'] ?? '', /^"[0-9a-f]{32}"$/)
  match((await ask({ ...local, target: '/s3/mybucket?list-type=2' }))?.body ?? '', /testfile\.txt/)
  const get = await ask({ ...local, target, headers: { host: `localhost:${server.localPort}` } })
  equal(get?.body, 'Hello')
  equal(
    (await ask({ ...local, target: '/s3/mybucket/testfile.txt', headers: { host: '[::1]:8080' } }))
      ?.status,
    200,
  )
})

const strangers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'another host': { host: 'example.com' },
  'a rebound host': { host: 'localhost.example.com' },
  'a page': { origin: 'http://localhost' },
  'a proxy': { via: '1.1 proxy' },
  'a forwarder': { forwarded: 'for=10.0.0.1' },
  'an x-forwarder': { 'x-forwarded-for': '10.0.0.1' },
}
for (const [who, headers] of Object.entries(strangers)) {
  test(`without credentials ${who} is refused on the local mount`, async () => {
    const answer = await ask({
      isSigned: false,
      port: server.localPort,
      target: '/s3/mybucket',
      headers,
    })
    equal(answer?.status, 403)
    match(answer.body, /<Code>AccessDenied</)
  })
}

test('who proves nothing is refused on the S3 port, as long as nothing is given to everybody', async () => {
  const plain = async (target: string, method = 'GET') =>
    (await ask({ isSigned: false, method, target }))?.status
  equal(await plain(`/${bucket}`), 403)
  equal(await plain(`/${bucket}/x`), 403)
  equal(await plain(`/${bucket}/x`, 'PUT'), 403)
  equal(await plain(`/${bucket}/x`, 'DELETE'), 403)
  equal(await plain('/brand-new', 'PUT'), 403)
  equal(await plain('/no-such-bucket/x'), 404)
  const list = await ask({ isSigned: false, target: '/' })
  deepEqual([list?.status, list?.body.includes('<Bucket>')], [200, false])
})

test('a wrong claim on the local mount is not taken for no claim', async () => {
  const answer = await ask({
    isSigned: false,
    port: server.localPort,
    target: '/s3/mybucket',
    headers: { authorization: 'AWS4-HMAC-SHA256 HAHAHA' },
  })
  equal(answer?.status, 400)
})

test('the signature covers the mount', async () => {
  const { localPort: port } = server
  equal((await ask({ port, target: '/s3/mybucket' }))?.status, 200)
  const headers = { host: `127.0.0.1:${port}` }
  const signed = sign({ method: 'GET', target: '/mybucket', headers, contentHash: sha256('') })
  equal((await askRaw(printHead('GET', '/s3/mybucket', signed.headers), { port }))?.status, 403)
})

test('clients that leave in the middle leave nothing behind', { timeout: 30_000 }, async () => {
  const body = 'x'.repeat(5_000_000)
  await ask({ method: 'PUT', target: `/${bucket}/large`, body })
  const host = { host: `127.0.0.1:${server.port}` }
  const putHeaders = { ...host, 'content-length': String(body.length) }
  const leave = async (index: number): Promise<void> => {
    await using connection = await RawConnection.open(server.port)
    if (index % 2 === 0) {
      const target = `/${bucket}/left-${index}`
      const signed = sign({ method: 'PUT', target, headers: putHeaders, contentHash: sha256(body) })
      await connection.send(printHead('PUT', target, signed.headers))
      await connection.send(body.slice(0, index * 120_000))
    } else {
      const target = `/${bucket}/large`
      const signed = sign({ method: 'GET', target, headers: host, contentHash: sha256('') })
      await connection.send(printHead('GET', target, signed.headers))
      await connection.arrived(index * 120_000)
    }
  }
  await Promise.all(Array.from({ length: 20 }, (_, index) => leave(index)))
  await server.settled()
  const { body: listing = '' } = (await ask({ target: `/${bucket}?prefix=left-` })) ?? {}
  match(listing, /<KeyCount>0<|<IsTruncated>false<\/IsTruncated><\/ListBucketResult>/)
  ok((await ask({ target: `/${bucket}/large` }))?.body === body)
})

test('an object that cannot be read is a 503 and not a broken 200', async () => {
  const target = `/${bucket}/unreadable`
  await ask({ method: 'PUT', target, body: 'x'.repeat(1_000_000) })
  await server.loseShards(3)
  const answer = await ask({ target })
  equal(answer?.status, 503)
  ok(answer.headers['content-type']?.includes('xml'))
})
