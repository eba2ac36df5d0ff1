/** What S3's documentation says in a subordinate clause, and clients rely on all the same. With the AWS SDK, as they would see it. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTorrentCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  ListObjectsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { refused } from '../../sdk.ts'
import { openSuite } from './s3-suite.ts'

const Bucket = 'fine-print'
const { client } = await openSuite(Bucket)

test('deleting many keys of a bucket that is not there fails as a whole', async () => {
  const Objects = [{ Key: 'a' }, { Key: 'b' }]
  const remove = () =>
    client.send(new DeleteObjectsCommand({ Bucket: 'nowhere', Delete: { Objects } }))
  await rejects(remove, refused(404, 'NoSuchBucket'))
})

async function begin(Key: string): Promise<string> {
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  return UploadId
}

test('a page of no parts is empty, and the last', async () => {
  const Key = 'no-parts-asked'
  const UploadId = await begin(Key)
  await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'x' }))
  const page = await client.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 0 }))
  deepEqual([page.Parts, page.IsTruncated], [undefined, false])
  await abort(Key, UploadId)
})

async function abort(Key: string, UploadId: string): Promise<void> {
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
}

/** Open uploads and common prefixes, page by page. */
async function* uploadPages(
  query: Omit<ListMultipartUploadsCommandInput, 'Bucket'>,
): AsyncGenerator<ListMultipartUploadsCommandOutput, void, undefined> {
  let markers = {}
  for (let page = 0; page < 20; page += 1) {
    const answer = await client.send(
      new ListMultipartUploadsCommand({ Bucket, ...query, ...markers }),
    )
    yield answer
    if (answer.IsTruncated !== true) return
    const { NextKeyMarker, NextUploadIdMarker } = answer
    markers = { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker }
  }
  throw new Error('the pages do not end')
}

function namesOf({ Uploads = [], CommonPrefixes = [] }: ListMultipartUploadsCommandOutput) {
  return [...Uploads.map(({ Key = '' }) => Key), ...CommonPrefixes.map(({ Prefix = '' }) => Prefix)]
}

test('open uploads page through common prefixes, each told once', async () => {
  const keys = ['list/a/1', 'list/a/2', 'list/b', 'list/b', 'list/c/1', 'list/ü/1', 'other']
  const ids = await Promise.all(keys.map(async (key) => [key, await begin(key)] as const))
  for (const MaxUploads of [1, 2, 3, 100]) {
    const pages = uploadPages({ Prefix: 'list/', Delimiter: '/', MaxUploads })
    const told = (await Array.fromAsync(pages)).map(namesOf)
    deepEqual(told.flat().toSorted(), ['list/a/', 'list/b', 'list/b', 'list/c/', 'list/ü/'])
    ok(told.every(({ length }) => length <= MaxUploads))
  }
  deepEqual((await Array.fromAsync(uploadPages({ MaxUploads: 0 }))).map(namesOf), [[]])
  for (const [key, id] of ids) await abort(key, id)
})

test('who aborts the uploads of a page before asking for the next one misses none', async () => {
  for (const key of ['a', 'b', 'b', 'b', 'c']) await begin(`swept/${key}`)
  for await (const { Uploads = [] } of uploadPages({ Prefix: 'swept/', MaxUploads: 2 })) {
    for (const { Key = '', UploadId = '' } of Uploads) await abort(Key, UploadId)
  }
  const left = await Array.fromAsync(uploadPages({ Prefix: 'swept/' }))
  deepEqual(left.map(namesOf), [[]])
})

/** An upload of one part, whose CRC-32 the SDK states; `how` is what its creation, `stated` what its completion says. */
async function uploadOnce(Key: string, how: object, stated: object) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...how }))
  const part = await client.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: '123456789' }),
  )
  const Parts = [{ PartNumber: 1, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 }]
  return await client.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts },
      ...stated,
    }),
  )
}

test('what a completion says of the whole object must be so, or it completes nothing', async () => {
  const crc32 = { ChecksumCRC32: 'y/Q5Jg==' } // the catalogue's check value, of 123456789
  const wrong = { ChecksumCRC32: 'AAAAAA==' }
  const sha256 = { ChecksumSHA256: `${'A'.repeat(43)}=` }
  const planned = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }
  const refusals: readonly (readonly [object, object, string])[] = [
    [planned, wrong, 'BadDigest'],
    [planned, sha256, 'InvalidRequest'],
    [planned, { ChecksumType: 'COMPOSITE' }, 'InvalidRequest'],
    [planned, { MpuObjectSize: 8 }, 'InvalidRequest'],
    [{}, wrong, 'BadDigest'],
    [{}, sha256, 'InvalidRequest'],
    [{}, { MpuObjectSize: 10 }, 'InvalidRequest'],
  ]
  for (const [how, stated, code] of refusals) {
    await rejects(() => uploadOnce('whole', how, stated), refused(400, code))
    await rejects(
      () => client.send(new HeadObjectCommand({ Bucket, Key: 'whole' })),
      refused(404, 'NotFound'),
    )
  }
  for (const how of [planned, {}]) {
    const told = await uploadOnce('whole', how, { ...crc32, MpuObjectSize: 9 })
    deepEqual([told.ChecksumCRC32, told.ChecksumType], [crc32.ChecksumCRC32, 'FULL_OBJECT'])
  }
})

test('an old listing with an encoding is XML whatever its prefix; one that XML can hold comes plainly', async () => {
  const prefixOf = async (Prefix: string) => {
    const list = new ListObjectsCommand({ Bucket, Prefix, EncodingType: 'url' })
    return (await client.send(list)).Prefix
  }
  equal(await prefixOf('a b/\n%2F'), 'a b/\n%2F')
  equal(await prefixOf('a\u0001'), 'a%01')
  equal(await prefixOf('a\uffff'), 'a%EF%BF%BF')
})

test('a content encoding comes back as it was written', async () => {
  for (const ContentEncoding of ['gzip,br', 'gzip ,  br']) {
    await client.send(new PutObjectCommand({ Bucket, Key: 'coded', Body: 'x', ContentEncoding }))
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'coded' }))
    equal(head.ContentEncoding, ContentEncoding)
  }
})

test('an empty last part is empty, not the whole object; the only part of an empty object is all of it', async () => {
  const Key = 'empty-part'
  const UploadId = await begin(Key)
  const Parts = []
  for (const [index, Body] of [Buffer.alloc(5 * 1024 * 1024), ''].entries()) {
    const PartNumber = index + 1
    const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body })
    Parts.push({ PartNumber, ETag: (await client.send(part)).ETag })
  }
  const MultipartUpload = { Parts }
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
  const last = await client.send(new GetObjectCommand({ Bucket, Key, PartNumber: 2 }))
  equal((await last.Body?.transformToByteArray())?.length, 0)
  deepEqual([last.ContentLength, last.ContentRange, last.PartsCount], [0, undefined, 2])
  await client.send(new PutObjectCommand({ Bucket, Key, Body: '' }))
  const only = await client.send(new GetObjectCommand({ Bucket, Key, PartNumber: 1 }))
  deepEqual([only.$metadata.httpStatusCode, only.ContentLength], [200, 0])
})

test('an object may be copied onto itself by who names what shall change', async () => {
  const Key = 'itself'
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', Metadata: { a: 'b' } }))
  const copy = (how: object) =>
    client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${Key}`, ...how }))
  await rejects(() => copy({}), refused(400, 'InvalidRequest'))
  await copy({ StorageClass: 'STANDARD' })
  await copy({ ServerSideEncryption: 'AES256' })
  const head = await client.send(new HeadObjectCommand({ Bucket, Key }))
  deepEqual(head.Metadata, { a: 'b' })
})

test('a copy has the checksum that was asked for', async () => {
  const Key = 'summed'
  await client.send(new PutObjectCommand({ Bucket, Key, Body: '123456789' })) // with a CRC-32
  const { CopyObjectResult } = await client.send(
    new CopyObjectCommand({
      Bucket,
      Key: 'resummed',
      CopySource: `${Bucket}/${Key}`,
      ChecksumAlgorithm: 'SHA1',
    }),
  )
  const sha1 = createHash('sha1').update('123456789').digest('base64')
  equal(CopyObjectResult?.ChecksumSHA1, sha1)
  const back = await client.send(
    new GetObjectCommand({ Bucket, Key: 'resummed', ChecksumMode: 'ENABLED' }),
  )
  deepEqual([back.ChecksumSHA1, back.ChecksumCRC32], [sha1, undefined])
  equal(await back.Body?.transformToString(), '123456789')
})

test('a part that is copied has the checksum of its upload, and so has the whole', async () => {
  const bytes = Buffer.alloc(6 * 1024 * 1024, 'abcdefg')
  const CopySource = `${Bucket}/copied-from`
  await client.send(new PutObjectCommand({ Bucket, Key: 'copied-from', Body: bytes }))
  const Key = 'copied-into'
  for (const [ChecksumAlgorithm, ChecksumType] of [
    ['CRC32', 'FULL_OBJECT'],
    ['SHA256', 'COMPOSITE'],
  ] as const) {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm, ChecksumType }),
    )
    const copy = async (PartNumber: number, how: object) => {
      const { CopyPartResult } = await client.send(
        new UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber, CopySource, ...how }),
      )
      const { ETag, ChecksumCRC32, ChecksumSHA256 } = CopyPartResult ?? {}
      return { PartNumber, ETag, ChecksumCRC32, ChecksumSHA256 }
    }
    const Parts = [await copy(1, {}), await copy(2, { CopySourceRange: 'bytes=7-1000' })]
    const whole = await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    )
    const pieces = [bytes, bytes.subarray(7, 1001)]
    if (ChecksumAlgorithm === 'CRC32') {
      const crc = Buffer.alloc(4)
      crc.writeUInt32BE(crc32(Buffer.concat(pieces)))
      equal(whole.ChecksumCRC32, crc.toString('base64'))
    } else {
      const sha256 = (piece: Uint8Array) => createHash('sha256').update(piece).digest()
      const composite = sha256(Buffer.concat(pieces.map(sha256)))
      equal(whole.ChecksumSHA256, `${composite.toString('base64')}-2`)
    }
  }
})

test('no object has a torrent', async () => {
  const Key = 'shared'
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
  await rejects(
    client.send(new GetObjectTorrentCommand({ Bucket, Key })),
    refused(404, 'NoSuchKey'),
  )
})
