/** What clients of other languages stumbled over: each was seen with one of them first. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketCorsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { digestOf } from '#crypto/digest'
import { clientOf, refused } from '../../sdk.ts'
import { textIn } from './document.ts'
import { RawConnection } from './raw-http.ts'
import { accessKeyId, owner, secret } from './s3-server.ts'
import { openSuite } from './s3-suite.ts'
import { sign } from './signer.ts'

const Bucket = 'strangers'
const { server, client, put } = await openSuite(Bucket)

for (const [algorithm, type] of [
  ['CRC32', 'COMPOSITE'],
  ['CRC32C', 'COMPOSITE'],
  ['SHA256', 'COMPOSITE'],
  ['SHA512', 'COMPOSITE'],
  ['MD5', 'COMPOSITE'],
  ['XXHASH3', 'COMPOSITE'],
  ['CRC64NVME', 'FULL_OBJECT'],
] as const)
  test(`the checksum of parts is ${type} with ${algorithm} when nobody says otherwise`, async () => {
    const told = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key: 'planned', ChecksumAlgorithm: algorithm }),
    )
    deepEqual([told.ChecksumAlgorithm, told.ChecksumType], [algorithm, type])
  })

test('who completes such an upload may state the checksum of the checksums, with or without the number of parts', async () => {
  const ofText = (text: string | Buffer): Buffer => {
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(text))
    return sum
  }
  const whole = ofText(ofText('one part')).toString('base64')
  for (const ChecksumCRC32 of [whole, `${whole}-1`]) {
    const Key = 'composite'
    const asked = { Bucket, Key, ChecksumAlgorithm: 'CRC32' } as const
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(asked))
    const part = await client.send(
      new UploadPartCommand({ ...asked, UploadId, PartNumber: 1, Body: 'one part' }),
    )
    const Parts = [{ PartNumber: 1, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 }]
    const complete = (stated: string) =>
      client.send(
        new CompleteMultipartUploadCommand({
          ...{ Bucket, Key, UploadId, MultipartUpload: { Parts } },
          ...{ ChecksumCRC32: stated, ChecksumType: 'COMPOSITE' },
        }),
      )
    await rejects(
      complete(`AAAAAA==${ChecksumCRC32.slice(whole.length)}`),
      refused(400, 'BadDigest'),
    )
    equal((await complete(ChecksumCRC32)).ChecksumCRC32, `${whole}-1`)
  }
})

for (const algorithm of ['sha512', 'md5', 'xxhash64', 'xxhash3', 'xxhash128'] as const)
  test(`parts are checked by an algorithm of 2026, ${algorithm}, and so is the whole`, async () => {
    const base64Of = (bytes: Uint8Array): string =>
      Buffer.from(digestOf(bytes, algorithm)).toString('base64')
    const ChecksumAlgorithm = algorithm.toUpperCase() as 'SHA512' | 'MD5' | 'XXHASH3'
    const name = `Checksum${ChecksumAlgorithm}` as const
    const Key = `by-${algorithm}`
    const asked = { Bucket, Key, ChecksumAlgorithm }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(asked))
    const bodies = [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('the end')]
    const Parts: CompletedPart[] = []
    for (const [index, Body] of bodies.entries()) {
      const part = { Bucket, Key, UploadId, PartNumber: index + 1 }
      const send = (stated: string) =>
        client.send(new UploadPartCommand({ ...part, Body, [name]: stated }))
      await rejects(send(base64Of(Buffer.from('x'))), refused(400, 'BadDigest'))
      const { ETag } = await send(base64Of(Body))
      Parts.push({ ETag, PartNumber: index + 1, [name]: base64Of(Body) })
    }
    const whole = base64Of(Buffer.concat(bodies.map((body) => digestOf(body, algorithm))))
    const done = await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    )
    deepEqual([done[name], done.ChecksumType], [`${whole}-2`, 'COMPOSITE'])
    const copied = await client.send(
      new CopyObjectCommand({
        ...{ Bucket, Key: `copy-${Key}`, CopySource: `${Bucket}/${Key}` },
        ChecksumAlgorithm,
      }),
    )
    equal(copied.CopyObjectResult?.[name], base64Of(Buffer.concat(bodies)))
  })

test('a copy may say whose bucket it reads from', async () => {
  await put('mine', 'hello')
  const copy = (ExpectedSourceBucketOwner: string) =>
    client.send(
      new CopyObjectCommand({
        ...{ Bucket, Key: 'copied', CopySource: `${Bucket}/mine` },
        ExpectedSourceBucketOwner,
      }),
    )
  await rejects(copy('123456789012'), refused(403, 'AccessDenied'))
  ok((await copy(owner.id)).CopyObjectResult?.ETag)
})

test('a bucket has the tags that it is made with', async () => {
  const make = (name: string, Tags: { Key: string; Value: string }[]) =>
    client.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { Tags } }))
  const tags = [{ Key: 'team', Value: 'paints' }]
  await make('made-with-tags', tags)
  const { TagSet } = await client.send(new GetBucketTaggingCommand({ Bucket: 'made-with-tags' }))
  deepEqual(TagSet, tags)
  const twice = [...tags, ...tags]
  await rejects(make('made-with-too-many', twice), refused(400, 'InvalidTag'))
})

test('a listing tells the second that the object itself tells', async () => {
  await put('dated', 'hello')
  const { LastModified } = await client.send(new HeadObjectCommand({ Bucket, Key: 'dated' }))
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'dated' }))
  deepEqual(Contents?.[0]?.LastModified, LastModified)
})

test('versions are listed with their checksums, and a part that is copied names the version it came from', async () => {
  const versioned = 'strangers-versions'
  await client.send(new CreateBucketCommand({ Bucket: versioned }))
  await client.send(
    new PutBucketVersioningCommand({
      Bucket: versioned,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  )
  const { VersionId } = await client.send(
    new PutObjectCommand({ Bucket: versioned, Key: 'a', Body: 'b', ChecksumAlgorithm: 'SHA256' }),
  )
  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket: versioned }))
  deepEqual(
    Versions?.map((one) => [one.VersionId, one.ChecksumAlgorithm, one.ChecksumType]),
    [[VersionId, ['SHA256'], 'FULL_OBJECT']],
  )
  const Key = 'from-version'
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const { CopySourceVersionId } = await client.send(
    new UploadPartCopyCommand({
      Bucket,
      Key,
      UploadId,
      PartNumber: 1,
      CopySource: `${versioned}/a`,
    }),
  )
  equal(CopySourceVersionId, VersionId)
})

test('nobody unknown says how a public object is to be shown', async () => {
  const open = 'strangers-open'
  await client.send(new CreateBucketCommand({ Bucket: open }))
  const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject' }
  await client.send(
    new PutBucketPolicyCommand({
      Bucket: open,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ ...statement, Resource: `arn:aws:s3:::${open}/*` }],
      }),
    }),
  )
  const Body = '<script>alert(1)</script>'
  await client.send(
    new PutObjectCommand({ Bucket: open, Key: 'notes', Body, ContentType: 'text/plain' }),
  )
  const url = `${server.s3Url}/${open}/notes`
  const plain = await fetch(url)
  deepEqual([plain.status, plain.headers.get('content-type')], [200, 'text/plain'])
  const shown = await fetch(`${url}?response-content-type=text/html`)
  deepEqual([shown.status, textIn(await shown.text(), 'Code')], [400, 'InvalidRequest'])
})

test('a browser is told whether a bucket has no rules for other origins, or none for this one', async () => {
  const Bucket = 'strangers-cors'
  await client.send(new CreateBucketCommand({ Bucket }))
  const ask = async (): Promise<string> => {
    const headers = { origin: 'https://b.example', 'access-control-request-method': 'GET' }
    const answer = await fetch(`${server.s3Url}/${Bucket}/a`, { method: 'OPTIONS', headers })
    equal(answer.status, 403)
    return await answer.text()
  }
  match(await ask(), /CORS is not enabled for this bucket/)
  const CORSRules = [{ AllowedOrigins: ['https://a.example'], AllowedMethods: ['GET'] }]
  await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
  match(await ask(), /No CORS rule of the bucket has this origin/)
})

test('a wrong signature is answered with what we have signed, and with no secret', async () => {
  const key = Buffer.alloc(32, 7)
  const wrong = clientOf({ ...server, secretAccessKey: 'wrong' })
  let answer = ''
  wrong.middlewareStack.add(
    (next) => async (of) => {
      const { request } = of as { request: { headers: Record<string, string>; path: string } }
      const asked = await fetch(`${server.s3Url}${request.path}`, { headers: request.headers })
      answer = await asked.text()
      return await next(of)
    },
    { step: 'finalizeRequest', priority: 'low' },
  )
  const asked = wrong.send(
    new HeadObjectCommand({
      ...{ Bucket, Key: 'mine', SSECustomerAlgorithm: 'AES256' },
      SSECustomerKey: key.toString('base64'),
    }),
  )
  await rejects(asked)
  equal(textIn(answer, 'AWSAccessKeyId'), accessKeyId)
  match(textIn(answer, 'StringToSign') ?? '', /^AWS4-HMAC-SHA256\n/)
  match(textIn(answer, 'SignatureProvided') ?? '', /^[0-9a-f]{64}$/)
  match(textIn(answer, 'CanonicalRequest') ?? '', /^host:127\.0\.0\.1:/m)
  ok(!answer.includes(key.toString('base64')))
  wrong.destroy()
})

/** As boto3 and the AWS CLI make it by default for endpoints of one's own. */
function urlOfVersion2(disposition: string): { readonly query: URLSearchParams; path: string } {
  const expires = String(Math.floor(Date.now() / 1000) + 60)
  const path = `/${Bucket}/mine`
  const signed = `${path}?response-content-disposition=${disposition}`
  const Signature = createHmac('sha1', secret)
    .update(`GET\n\n\n${expires}\n${signed}`)
    .digest('base64')
  const query = new URLSearchParams({
    'response-content-disposition': disposition,
    ...{ AWSAccessKeyId: accessKeyId, Expires: expires, Signature },
  })
  return { query, path }
}

test('a presigned URL of version 2 may have names that are not ASCII, and not be changed into others', async () => {
  await put('mine', 'hello')
  const ask = async ({ query, path }: ReturnType<typeof urlOfVersion2>) =>
    await fetch(`${server.s3Url}${path}?${query}`)
  const street = await ask(urlOfVersion2('attachment; filename="Straße.pdf"'))
  equal(street.status, 200)
  const told = Buffer.from(street.headers.get('content-disposition') ?? '', 'latin1').toString()
  equal(told, 'attachment; filename="Straße.pdf"')
  const forged = urlOfVersion2('attachment; filename=Abc')
  equal((await ask(forged)).status, 200)
  forged.query.set('response-content-disposition', 'attachment; filename=Łbc') // its last byte is that of A
  equal((await ask(forged)).status, 403)
})

test('a probe that speaks HTTP/1.0 need not say which host', async () => {
  await using connection = await RawConnection.open(server.port)
  await connection.send('GET /strangers HTTP/1.0\r\n\r\n')
  const answer = await connection.answer()
  deepEqual([answer?.status, textIn(answer?.body ?? '', 'Code')], [403, 'AccessDenied'])
})

test('a URL with bytes that are not ASCII is refused with a word of what to do', async () => {
  await using connection = await RawConnection.open(server.port)
  await connection.send('GET /strangers/\xc3\xbc HTTP/1.1\r\nHost: h\r\n\r\n')
  const answer = await connection.answer()
  deepEqual([answer?.status, textIn(answer?.body ?? '', 'Code')], [400, 'InvalidURI'])
  match(answer?.body ?? '', /percent-encoded/)
  await using other = await RawConnection.open(server.port)
  await other.send('HEAD /strangers/\xc3\xbc HTTP/1.1\r\nHost: h\r\n\r\n')
  const toHead = await other.answer()
  deepEqual([toHead?.status, toHead?.headers['content-length'], toHead?.body], [400, '0', ''])
})

test('a checksum in a trailer that was not announced is refused, as is one that was announced and does not come', async () => {
  const ask = async (announced: string, trailer: string): Promise<string | undefined> => {
    const body = `5\r\nhello\r\n0\r\n${trailer}\r\n`
    const target = `/${Bucket}/trailed`
    const { headers } = sign({
      method: 'PUT',
      target,
      headers: {
        host: `127.0.0.1:${server.port}`,
        'content-length': String(body.length),
        'x-amz-decoded-content-length': '5',
        ...(announced === '' ? {} : { 'x-amz-trailer': announced }),
      },
      contentHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    })
    await using connection = await RawConnection.open(server.port)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    await connection.send(`PUT ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
    const answer = await connection.answer()
    return textIn(answer?.body ?? '', 'Code') ?? String(answer?.status)
  }
  const right = 'x-amz-checksum-crc32:NhCmhg==\r\n'
  equal(await ask('x-amz-checksum-crc32', right), '200')
  equal(await ask('', ''), '200')
  const xxh3 = Buffer.from(digestOf(Buffer.from('hello'), 'xxhash3')).toString('base64')
  equal(await ask('x-amz-checksum-xxhash3', `x-amz-checksum-xxhash3:${xxh3}\r\n`), '200')
  equal(await ask('x-amz-checksum-xxhash3', 'x-amz-checksum-xxhash3:AAAAAAAAAAA=\r\n'), 'BadDigest')
  equal(await ask('', right), 'MalformedTrailerError')
  equal(await ask('', 'x-amz-checksum-bogus:AAAA\r\n'), 'MalformedTrailerError')
  equal(await ask('x-amz-checksum-crc32', 'x-amz-checksum-sha1:AAAA\r\n'), 'MalformedTrailerError')
})

test('a checksum that nobody here can compute is refused, not taken for granted', async () => {
  const md5 = createHash('md5').update('hello').digest('base64')
  const send = (headers: Record<string, string>) => {
    const asking = clientOf(server, { requestChecksumCalculation: 'WHEN_REQUIRED' })
    asking.middlewareStack.add(
      (next) => (of) => {
        Object.assign((of.request as { headers: object }).headers, headers)
        return next(of)
      },
      { step: 'build' },
    )
    return asking
      .send(new PutObjectCommand({ Bucket, Key: 'summed', Body: 'hello' }))
      .finally(() => asking.destroy())
  }
  for (const name of ['sha3', 'xxhash', 'bogus'])
    await rejects(send({ [`x-amz-checksum-${name}`]: md5 }), refused(400, 'InvalidRequest'))
  ok(await send({}))
})
