/** The AWS SDK with its default settings (checksums on, retries on) against the door: what its users do. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { clientOf, refused } from '../../sdk.ts'
import { owner, type S3Server, startS3Server } from './s3-server.ts'

const Bucket = 'sdk-bucket'
const mebibyte = 1024 * 1024
let server: S3Server
let client: S3Client
/** Of the SDK, when it is told nothing. */
const defaults = { maxAttempts: 3 }

before(async () => {
  server = await startS3Server()
  client = clientOf(server, defaults)
  await client.send(new CreateBucketCommand({ Bucket }))
})
after(async () => {
  client.destroy()
  await server[Symbol.asyncDispose]()
})

async function put(Key: string, Body: string | Uint8Array, more: object = {}) {
  return client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
}

async function get(Key: string, more: object = {}) {
  const answer = await client.send(new GetObjectCommand({ Bucket, Key, ...more }))
  const body = Buffer.from((await answer.Body?.transformToByteArray()) ?? [])
  return { ...answer, body }
}

function bytesOf(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let index = 0; index < length; index += 4)
    bytes.writeUInt32LE((index * 2654435761) >>> 0, index)
  return bytes
}

function md5(bytes: string | Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

test('a bucket comes, is seen, is kept when created again, and goes', async () => {
  const made = await client.send(new CreateBucketCommand({ Bucket: 'short-lived' }))
  equal(made.Location, '/short-lived')
  await client.send(new PutObjectCommand({ Bucket: 'short-lived', Key: 'a', Body: 'b' }))
  await client.send(new CreateBucketCommand({ Bucket: 'short-lived' }))
  const { Buckets, Owner } = await client.send(new ListBucketsCommand({}))
  ok(
    Buckets?.some(({ Name, CreationDate }) => Name === 'short-lived' && CreationDate !== undefined),
  )
  deepEqual(Owner, { ID: owner.id, DisplayName: owner.displayName })
  const head = await client.send(new HeadBucketCommand({ Bucket: 'short-lived' }))
  equal(head.BucketRegion, 'us-east-1')
  const location = await client.send(new GetBucketLocationCommand({ Bucket: 'short-lived' }))
  equal(location.LocationConstraint, undefined)
  const versioning = await client.send(new GetBucketVersioningCommand({ Bucket: 'short-lived' }))
  equal(versioning.Status, undefined)
  const remove = () => client.send(new DeleteBucketCommand({ Bucket: 'short-lived' }))
  await rejects(remove, refused(409, 'BucketNotEmpty'))
  await client.send(new DeleteObjectCommand({ Bucket: 'short-lived', Key: 'a' }))
  await remove()
  await rejects(
    () => client.send(new HeadBucketCommand({ Bucket: 'short-lived' })),
    refused(404, 'NotFound'),
  )
})

test('buckets are listed in pages when asked', async () => {
  await client.send(new CreateBucketCommand({ Bucket: 'page-one' }))
  await client.send(new CreateBucketCommand({ Bucket: 'page-two' }))
  const first = await client.send(new ListBucketsCommand({ MaxBuckets: 1, Prefix: 'page-' }))
  deepEqual(
    first.Buckets?.map(({ Name }) => Name),
    ['page-one'],
  )
  const second = await client.send(
    new ListBucketsCommand({
      MaxBuckets: 1,
      Prefix: 'page-',
      ...(first.ContinuationToken === undefined
        ? {}
        : { ContinuationToken: first.ContinuationToken }),
    }),
  )
  deepEqual(
    second.Buckets?.map(({ Name }) => Name),
    ['page-two'],
  )
  equal(second.ContinuationToken, undefined)
})

for (const bytes of [0, 1, 65_535, 300_000, 6 * mebibyte]) {
  test(`${bytes} bytes come back as they went, from a buffer and from a stream`, async () => {
    const body = bytesOf(Math.ceil(bytes / 4) * 4).subarray(0, bytes)
    const put1 = await put('buffer', body)
    equal(put1.ETag, `"${md5(body)}"`)
    ok((await get('buffer')).body.equals(body))
    const put2 = await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'stream',
        Body: Readable.from(cut(body, 50_000)),
        ContentLength: bytes,
      }),
    )
    equal(put2.ETag, `"${md5(body)}"`)
    equal(put2.ChecksumCRC32, put1.ChecksumCRC32)
    const back = await get('stream')
    ok(back.body.equals(body))
    equal(back.ChecksumCRC32, put1.ChecksumCRC32)
  })
}

/** The SDK does not compute them by itself: stated by hand, of `123456789`, by the catalogue of CRCs and by other libraries. */
const statedByHand: Partial<Record<ChecksumAlgorithm, string>> = {
  CRC64NVME: 'rosUhgp5mIg=',
  MD5: 'JfnnlDI7RTiF9RgfG2JNCw==',
  SHA512:
    '2eZ2LdHI6vbWGzxhkvxAjU1tXxF20MKRabwk5xw/J0rSf81YEbMT1oH35V7ALXPUmclUVba1u1A6z1dPuo/+hQ==',
  XXHASH128: 'MxGUd+3l3NXpcWQnaB1YYA==',
  XXHASH3: 'ctyxi2ehff8=',
  XXHASH64: 'jLhB20DmroM=',
}

for (const algorithm of Object.values(ChecksumAlgorithm)) {
  test(`the checksum ${algorithm} is kept and told`, async () => {
    const stated = statedByHand[algorithm]
    if (stated !== undefined) {
      const name = `Checksum${algorithm}` as const
      const told = await put('sum', '123456789', { [name]: stated })
      equal(Object.entries(told).find(([key]) => key === name)?.[1], stated)
      const { ChecksumType, ...head } = await client.send(
        new HeadObjectCommand({ Bucket, Key: 'sum', ChecksumMode: 'ENABLED' }),
      )
      equal(Object.entries(head).find(([key]) => key === name)?.[1], stated)
      equal(ChecksumType, 'FULL_OBJECT')
      await rejects(put('sum', '12345678', { [name]: stated }), refused(400, 'BadDigest'))
      return
    }
    const send = () => put('sum', 'hello', { ChecksumAlgorithm: algorithm })
    const field = `Checksum${algorithm}` as const
    const told = Object.entries(await send()).find(([name]) => name === field)?.[1]
    ok(told)
    const head = await client.send(
      new HeadObjectCommand({ Bucket, Key: 'sum', ChecksumMode: 'ENABLED' }),
    )
    equal(Object.entries(head).find(([name]) => name === field)?.[1], told)
    equal(head.ChecksumType, 'FULL_OBJECT')
  })
}

test('without being asked, no checksum is told', async () => {
  await put('quiet', 'hello')
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'quiet' }))
  equal(head.ChecksumCRC32, undefined)
})

test('metadata comes back, and the reader may override it', async () => {
  const system = {
    ContentType: 'text/x-test; charset=utf-8',
    CacheControl: 'no-cache',
    ContentDisposition: 'attachment; filename="a b"',
    ContentEncoding: 'gzip',
    ContentLanguage: 'mi',
    WebsiteRedirectLocation: '/elsewhere',
  }
  const Metadata = { one: 'eins', 'two-words': 'a  b' }
  await put('meta', 'hello', { ...system, Metadata })
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'meta' }))
  for (const [name, value] of Object.entries(system)) {
    equal(Object.entries(head).find(([field]) => field === name)?.[1], value)
  }
  deepEqual(head.Metadata, Metadata)
  const overridden = await get('meta', {
    ResponseContentType: 'text/other',
    ResponseContentDisposition: 'attachment; filename="ü"',
    ResponseContentEncoding: 'identity',
  })
  equal(overridden.ContentType, 'text/other')
  equal(
    Buffer.from(overridden.ContentDisposition ?? '', 'latin1').toString(),
    'attachment; filename="ü"',
  )
})

test('ranges', async () => {
  const body = bytesOf(700_000)
  await put('ranged', body)
  const cases: readonly (readonly [string, number, number])[] = [
    ['bytes=0-0', 0, 0],
    ['bytes=1-300000', 1, 300_000],
    ['bytes=699999-', 699_999, 699_999],
    ['bytes=-5', 699_995, 699_999],
    ['bytes=-9999999', 0, 699_999],
    ['bytes=500000-9999999', 500_000, 699_999],
  ]
  for (const [Range, first, last] of cases) {
    const part = await get('ranged', { Range })
    equal(part.$metadata.httpStatusCode, 206)
    equal(part.ContentRange, `bytes ${first}-${last}/700000`)
    ok(part.body.equals(body.subarray(first, last + 1)), Range)
  }
  for (const Range of ['bytes=0-1,5-6', 'bytes=5-1', 'bytes=-', 'lines=1-2', 'bytes=x']) {
    const whole = await get('ranged', { Range })
    equal(whole.$metadata.httpStatusCode, 200)
    equal(whole.body.length, 700_000)
  }
  const head = await client.send(
    new HeadObjectCommand({ Bucket, Key: 'ranged', Range: 'bytes=0-9' }),
  )
  equal(head.ContentLength, 10)
  await rejects(() => get('ranged', { Range: 'bytes=700000-' }), refused(416, 'InvalidRange'))
})

test('conditional reads', async () => {
  const { ETag = '' } = await put('cond', 'hello')
  const modified = (await get('cond')).LastModified ?? new Date(0)
  const before = new Date(modified.getTime() - 1000)
  const later = new Date(modified.getTime() + 1000)
  const allowed = [
    { IfMatch: ETag },
    { IfMatch: '*' },
    { IfMatch: `"x", ${ETag}` },
    { IfMatch: ETag.replaceAll('"', '') },
    { IfNoneMatch: '"x"' },
    { IfModifiedSince: before },
    { IfUnmodifiedSince: modified },
    { IfMatch: ETag, IfUnmodifiedSince: before },
    { IfNoneMatch: '"x"', IfModifiedSince: later },
  ]
  for (const condition of allowed) equal((await get('cond', condition)).body.toString(), 'hello')
  for (const condition of [{ IfMatch: '"x"' }, { IfUnmodifiedSince: before }]) {
    await rejects(() => get('cond', condition), refused(412, 'PreconditionFailed'))
  }
  for (const condition of [
    { IfNoneMatch: ETag },
    { IfNoneMatch: '*' },
    { IfModifiedSince: modified },
    { IfNoneMatch: ETag, IfModifiedSince: before },
  ]) {
    await rejects(
      () => get('cond', condition),
      (error: {
        $metadata: { httpStatusCode?: number }
        $response?: { headers?: Record<string, string> }
      }) => {
        equal(error.$metadata.httpStatusCode, 304)
        equal(error.$response?.headers?.['etag'], ETag)
        return true
      },
    )
  }
})

test('conditional writes and deletes', async () => {
  const { ETag = '' } = await put('guarded', 'one')
  await rejects(
    () => put('guarded', 'two', { IfNoneMatch: '*' }),
    refused(412, 'PreconditionFailed'),
  )
  await rejects(
    () => put('guarded', 'two', { IfNoneMatch: ETag }),
    refused(412, 'PreconditionFailed'),
  )
  await rejects(() => put('guarded', 'two', { IfMatch: '"x"' }), refused(412, 'PreconditionFailed'))
  await rejects(() => put('unguarded', 'two', { IfMatch: ETag }), refused(404, 'NoSuchKey'))
  equal((await get('guarded')).body.toString(), 'one')
  const two = await put('guarded', 'two', { IfMatch: ETag })
  const remove = (IfMatch: string | undefined) =>
    client.send(new DeleteObjectCommand({ Bucket, Key: 'guarded', ...(IfMatch && { IfMatch }) }))
  await rejects(() => remove(ETag), refused(412, 'PreconditionFailed'))
  equal((await remove(two.ETag)).$metadata.httpStatusCode, 204)
  equal((await remove(two.ETag)).$metadata.httpStatusCode, 204)
})

test('copies keep or replace the metadata', async () => {
  await put('source key+ü', 'hello', { Metadata: { a: 'b' }, ContentType: 'text/plain' })
  const CopySource = `/${Bucket}/${encodeURIComponent('source key+ü')}`
  const copied = await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }))
  equal(copied.CopyObjectResult?.ETag, `"${md5('hello')}"`)
  deepEqual((await get('copy')).Metadata, { a: 'b' })
  await client.send(
    new CopyObjectCommand({
      Bucket,
      Key: 'copy',
      CopySource,
      MetadataDirective: 'REPLACE',
      Metadata: { c: 'd' },
    }),
  )
  const replaced = await get('copy')
  deepEqual(replaced.Metadata, { c: 'd' })
  equal(replaced.ContentType, 'binary/octet-stream')
  equal(replaced.body.toString(), 'hello')
})

test('an upload in parts becomes one object', async () => {
  const Key = 'parts'
  const parts = [bytesOf(5 * mebibyte), bytesOf(5 * mebibyte), Buffer.from('end')]
  const { UploadId = '', ChecksumType } = await client.send(
    new CreateMultipartUploadCommand({
      Bucket,
      Key,
      ChecksumAlgorithm: 'CRC32',
      Metadata: { a: 'b' },
    }),
  )
  equal(ChecksumType, 'COMPOSITE')
  const sent: { PartNumber: number; ETag: string | undefined; ChecksumCRC32: string }[] = []
  for (const [index, Body] of parts.entries()) {
    const PartNumber = index + 1
    const { ETag, ChecksumCRC32 } = await client.send(
      new UploadPartCommand({
        Bucket,
        Key,
        UploadId,
        PartNumber,
        Body,
        ChecksumAlgorithm: 'CRC32',
      }),
    )
    ok(ChecksumCRC32)
    sent.push({ PartNumber, ETag, ChecksumCRC32 })
  }
  await rejects(() => get(Key), refused(404, 'NoSuchKey'))
  const listed = await client.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }))
  deepEqual(
    listed.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size]),
    [
      [1, 5 * mebibyte],
      [2, 5 * mebibyte],
    ],
  )
  equal(listed.IsTruncated, true)
  equal(listed.NextPartNumberMarker, '2')
  const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  deepEqual(
    Uploads?.map(({ UploadId }) => UploadId),
    [UploadId],
  )
  const complete = () =>
    client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts: sent },
      }),
    )
  const done = await complete()
  const etag = `"${md5(Buffer.concat(parts.map((part) => Buffer.from(md5(part), 'hex'))))}-3"`
  equal(done.ETag, etag)
  equal((await complete()).ETag, etag)
  const whole = await get(Key, { ChecksumMode: 'ENABLED' })
  ok(whole.body.equals(Buffer.concat(parts)))
  deepEqual(whole.Metadata, { a: 'b' })
  equal(whole.ChecksumCRC32, done.ChecksumCRC32)
  const third = await get(Key, { PartNumber: 3 })
  equal(third.body.toString(), 'end')
  equal(third.PartsCount, 3)
  deepEqual([third.ChecksumCRC32, third.ChecksumType], [sent[2]?.ChecksumCRC32, 'COMPOSITE'])
  const attributes = await client.send(
    new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ObjectParts'] }),
  )
  deepEqual(
    attributes.ObjectParts?.Parts?.map(({ ChecksumCRC32 }) => ChecksumCRC32),
    sent.map(({ ChecksumCRC32 }) => ChecksumCRC32),
  )
  const CopySource = `${Bucket}/${Key}`
  await client.send(new CopyObjectCommand({ Bucket, Key: 'copy-of-parts', CopySource }))
  const copied = await get('copy-of-parts', { PartNumber: 1, ChecksumMode: 'ENABLED' })
  equal(copied.ChecksumCRC32, sent[0]?.ChecksumCRC32)
  const head = await client.send(new HeadObjectCommand({ Bucket, Key, PartNumber: 2 }))
  equal(head.ContentLength, 5 * mebibyte)
})

test('an upload with SHA-256 has a composite checksum', async () => {
  const Key = 'composite'
  const { UploadId = '', ChecksumType } = await client.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'SHA256' }),
  )
  equal(ChecksumType, 'COMPOSITE')
  const { ETag, ChecksumSHA256 = '' } = await client.send(
    new UploadPartCommand({
      Bucket,
      Key,
      UploadId,
      PartNumber: 1,
      Body: 'hello',
      ChecksumAlgorithm: 'SHA256',
    }),
  )
  const done = await client.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumSHA256 }] },
    }),
  )
  const composite = createHash('sha256')
    .update(Buffer.from(ChecksumSHA256, 'base64'))
    .digest('base64')
  equal(done.ChecksumSHA256, `${composite}-1`)
})

test('wrong completions are refused, and an aborted upload is gone', async () => {
  const Key = 'refused'
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const part = (PartNumber: number) =>
    client.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: `part ${PartNumber}` }),
    )
  const { ETag: one } = await part(1)
  const { ETag: two } = await part(2)
  const complete = (...Parts: readonly { PartNumber: number; ETag: string | undefined }[]) =>
    client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts: [...Parts] },
      }),
    )
  const first = { PartNumber: 1, ETag: one }
  const second = { PartNumber: 2, ETag: two }
  await rejects(() => complete({ PartNumber: 3, ETag: one }), refused(400, 'InvalidPart'))
  await rejects(() => complete({ PartNumber: 1, ETag: two }), refused(400, 'InvalidPart'))
  await rejects(() => complete(second, first), refused(400, 'InvalidPartOrder'))
  await rejects(() => complete(first, second), refused(400, 'EntityTooSmall'))
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
  await rejects(() => complete(first), refused(404, 'NoSuchUpload'))
})

test('parts are copied by range', async () => {
  const body = bytesOf(6 * mebibyte)
  await put('copied-from', body)
  const Key = 'copied-to'
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const copy = async (PartNumber: number, CopySourceRange: string) => {
    const { CopyPartResult } = await client.send(
      new UploadPartCopyCommand({
        Bucket,
        Key,
        UploadId,
        PartNumber,
        CopySource: `${Bucket}/copied-from`,
        CopySourceRange,
      }),
    )
    return { PartNumber, ETag: CopyPartResult?.ETag }
  }
  await rejects(() => copy(1, 'bytes=0-99999999'), refused(416, 'InvalidRange'))
  for (const improper of ['0-2', 'bytes=0', 'bytes=2-1', 'bytes=-5']) {
    await rejects(() => copy(1, improper), refused(400, 'InvalidArgument'))
  }
  const Parts = [
    await copy(1, `bytes=0-${5 * mebibyte - 1}`),
    await copy(2, `bytes=${5 * mebibyte}-${6 * mebibyte - 1}`),
  ]
  await client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
  )
  ok((await get(Key)).body.equals(body))
})

test('many keys are deleted at once, quietly if asked', async () => {
  for (const Key of ['many/1', 'many/ü&<>', 'many/\n']) await put(Key, 'x')
  const remove = (Quiet: boolean, ...keys: readonly string[]) =>
    client.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: { Quiet, Objects: keys.map((Key) => ({ Key })) },
      }),
    )
  const told = await remove(false, 'many/1', 'many/missing', 'many/ü&<>')
  deepEqual(
    told.Deleted?.map(({ Key }) => Key),
    ['many/1', 'many/missing', 'many/ü&<>'],
  )
  const quiet = await remove(true, 'many/\n', 'x'.repeat(1025))
  equal(quiet.Deleted, undefined)
  deepEqual(
    quiet.Errors?.map(({ Code }) => Code),
    ['KeyTooLongError'],
  )
  const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'many/' }))
  equal(KeyCount, 0)
})

const listedKeys = [
  'a b',
  'a+b',
  'asd/1',
  'asd/2',
  'b&<>"\'',
  'b/',
  'b/\u0001',
  'c%2F',
  'ü/x',
  '日本',
]

async function bucketOfKeys(name: string): Promise<string> {
  await client.send(new CreateBucketCommand({ Bucket: name }))
  for (const Key of listedKeys)
    await client.send(new PutObjectCommand({ Bucket: name, Key, Body: Key }))
  return name
}

test('listings page through everything, with every key as it is', async () => {
  const name = await bucketOfKeys('listed')
  const sorted = [...listedKeys].sort((one, other) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  )
  const keys: (string | undefined)[] = []
  let token: string | undefined
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: name,
        MaxKeys: 3,
        EncodingType: 'url',
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    )
    keys.push(...(page.Contents ?? []).map(({ Key }) => decodeURIComponent(Key ?? '')))
    token = page.NextContinuationToken
    equal(page.IsTruncated, token !== undefined)
  } while (token !== undefined)
  deepEqual(keys, sorted)
})

test('listings group by delimiter; prefixes count, and may be the next marker', async () => {
  const name = 'listed'
  const all = await client.send(new ListObjectsCommand({ Bucket: name, Delimiter: '/' }))
  deepEqual(
    all.CommonPrefixes?.map(({ Prefix }) => Prefix),
    ['asd/', 'b/', 'ü/'],
  )
  const first = await client.send(
    new ListObjectsCommand({ Bucket: name, Delimiter: '/', MaxKeys: 3, EncodingType: 'url' }),
  )
  equal(first.IsTruncated, true)
  equal(first.NextMarker, 'asd/')
  const second = await client.send(
    new ListObjectsCommand({ Bucket: name, Delimiter: '/', Marker: 'asd/', EncodingType: 'url' }),
  )
  equal(decodeURIComponent(second.Contents?.[0]?.Key ?? ''), 'b&<>"\'')
  const within = await client.send(
    new ListObjectsV2Command({ Bucket: name, Prefix: 'asd/', Delimiter: '/', FetchOwner: true }),
  )
  deepEqual(
    within.Contents?.map(({ Key }) => Key),
    ['asd/1', 'asd/2'],
  )
  equal(within.Contents?.[0]?.Owner?.ID, owner.id)
  const after = await client.send(new ListObjectsV2Command({ Bucket: name, StartAfter: 'ü' }))
  deepEqual(
    after.Contents?.map(({ Key }) => Key),
    ['ü/x', '日本'],
  )
  const none = await client.send(new ListObjectsV2Command({ Bucket: name, MaxKeys: 0 }))
  deepEqual([none.KeyCount, none.IsTruncated], [0, false])
})

test('a bucket without versions lists one version of each object', async () => {
  const page = await client.send(
    new ListObjectVersionsCommand({ Bucket: 'listed', Prefix: 'asd/' }),
  )
  deepEqual(
    page.Versions?.map(({ Key, VersionId, IsLatest }) => [Key, VersionId, IsLatest]),
    [
      ['asd/1', 'null', true],
      ['asd/2', 'null', true],
    ],
  )
})

test('the local mount takes signed requests, too', async () => {
  const local = clientOf({ ...server, s3Url: `http://127.0.0.1:${server.localPort}/s3` }, defaults)
  const body = bytesOf(100_000)
  await local.send(new PutObjectCommand({ Bucket: 'made-by-put', Key: 'a/b c', Body: body }))
  const back = await local.send(new GetObjectCommand({ Bucket: 'made-by-put', Key: 'a/b c' }))
  ok(Buffer.from((await back.Body?.transformToByteArray()) ?? []).equals(body))
  local.destroy()
})

test('a wrong secret is refused', async () => {
  const stranger = clientOf({ ...server, secretAccessKey: 'wrong' }, defaults)
  await rejects(
    () => stranger.send(new ListBucketsCommand({})),
    refused(403, 'SignatureDoesNotMatch'),
  )
  stranger.destroy()
})

test('every request was told to the log with its operation, and none failed inside', () => {
  ok(server.ended.every(({ operation, status }) => operation !== 'Unknown' || status >= 400))
  ok(!server.ended.some(({ status }) => status >= 500))
  ok(
    server.ended.some(
      ({ operation, bytesIn, principal }) =>
        operation === 'PutObject' && bytesIn > 0 && principal === server.accessKeyId,
    ),
  )
})

function* cut(bytes: Buffer, pieceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}
