import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseBucketName } from '#object/names'
import { badInputs } from './bad-input.table.ts'
import { textIn } from './document.ts'
import { RawConnection } from './raw-http.ts'
import { type S3Server, startS3Server } from './s3-server.ts'
import { sha256, sign } from './signer.ts'

const bucket = parseBucketName('bad-input')
let server: S3Server

before(async () => {
  server = await startS3Server({ limits: { idleTimeoutMs: 100, lingerMs: 100 } })
  await server.objects.createBucket(bucket)
  await put('present', 'hello')
  await put('empty', '')
})
after(() => server[Symbol.asyncDispose]())

for (const { name, request, status, code, endsSending = false, isHead = false } of badInputs) {
  test(`${name}: ${status} ${code}`, async () => {
    await using connection = await RawConnection.open(server.port)
    await connection.send(request(`127.0.0.1:${server.port}`))
    if (endsSending) connection.endSending()
    const answer = await connection.answer({ toHead: isHead })
    equal(answer?.status, status, answer?.body ?? 'no answer')
    const { headers, body } = answer
    match(headers['x-amz-request-id'] ?? '', /^[0-9A-F]{16}$/)
    equal(headers['server'], 'Mycelium')
    ok(Date.parse(headers['date'] ?? '') > 0)
    if (isHead) {
      equal(body, '')
    } else {
      equal(textIn(body, 'Code'), code, body)
      equal(textIn(body, 'RequestId'), headers['x-amz-request-id'])
      ok(!/\bat .*\.ts:\d+|\/src\//.test(body), 'tells nothing of the inside')
    }
    deepEqual(await visibleKeys(), ['empty', 'present'])
  })
}

test('after all of it the store takes and gives as before', async () => {
  equal(await put('afterwards', 'still here'), 200)
  deepEqual(await visibleKeys(), ['afterwards', 'empty', 'present'])
  ok(!server.ended.some(({ status }) => status === 500))
})

test('keys of 1,024 bytes, with dots, slashes and anything, are no bad input', async () => {
  for (const key of [
    'k'.repeat(1024),
    '%C3%A9'.repeat(512),
    'a..b',
    '../x',
    '/x',
    'a//b/',
    '%2F',
    '%20%22%3C%26%25%01',
  ]) {
    equal(await put(key, 'hello'), 200, key)
  }
})

async function put(key: string, body: string): Promise<number | undefined> {
  await using connection = await RawConnection.open(server.port)
  const target = `/${bucket}/${key}`
  const { headers } = sign({
    method: 'PUT',
    target,
    headers: { host: 'localhost', 'content-length': String(body.length) },
    contentHash: sha256(body),
  })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  await connection.send(`PUT ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
  return (await connection.answer())?.status
}

async function visibleKeys(): Promise<readonly string[]> {
  const { objects } = await server.objects.list(bucket, { prefix: '', limit: 1000 })
  return objects.map(({ key }) => key)
}
