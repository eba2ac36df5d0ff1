/** What S3's documentation says in a subordinate clause, and clients rely on all the same. With the AWS SDK, as they would see it. */
import { deepEqual, ok, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3-server.ts'

const Bucket = 'fine-print'
let server: S3Server
let client: S3Client

before(async () => {
  server = await startS3Server()
  client = new S3Client({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey: secret },
  })
  await client.send(new CreateBucketCommand({ Bucket }))
})
after(async () => {
  client.destroy()
  await server[Symbol.asyncDispose]()
})

function refused(status: number, name: string) {
  return (error: {
    readonly name: string
    readonly $metadata: { readonly httpStatusCode?: number }
  }) => {
    deepEqual([error.$metadata.httpStatusCode, error.name], [status, name])
    return true
  }
}

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
