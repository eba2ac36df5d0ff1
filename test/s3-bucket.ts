/** A bucket of a running store, through the AWS SDK. */
import { createCipheriv, createHash } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { RunningStore } from './harness.ts'
import { clientOf } from './sdk.ts'

export interface Listed {
  readonly key: string
  readonly bytes: number
  readonly etag: string
  readonly modifiedAt: string
}

export interface TestBucket extends Disposable {
  readonly name: string
  readonly client: S3Client
  create(): Promise<void>
  /** The entity tag. */
  put(key: string, body: Uint8Array | string): Promise<string>
  get(key: string, range?: { readonly first: number; readonly last: number }): Promise<Buffer>
  remove(key: string): Promise<void>
  /** All keys, page by page, in the order they came. */
  list(): Promise<readonly Listed[]>
}

export function bucketOf(store: RunningStore, name: string): TestBucket {
  const client = clientOf(store)
  const Bucket = name
  return {
    name,
    client,
    create: async () => {
      await client.send(new CreateBucketCommand({ Bucket }))
    },
    put: async (Key, Body) => {
      const { ETag = '' } = await client.send(new PutObjectCommand({ Bucket, Key, Body }))
      return ETag
    },
    get: async (Key, range) => {
      const Range = range && `bytes=${range.first}-${range.last}`
      const { Body } = await client.send(
        new GetObjectCommand({ Bucket, Key, ...(Range === undefined ? {} : { Range }) }),
      )
      return Buffer.from((await Body?.transformToByteArray()) ?? [])
    },
    remove: async (Key) => {
      await client.send(new DeleteObjectCommand({ Bucket, Key }))
    },
    list: async () => await Array.fromAsync(listAll(client, Bucket)),
    [Symbol.dispose]: () => client.destroy(),
  }
}

async function* listAll(client: S3Client, Bucket: string): AsyncGenerator<Listed> {
  let token: string | undefined
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    )
    for (const { Key = '', Size = -1, ETag = '', LastModified } of page.Contents ?? [])
      yield { key: Key, bytes: Size, etag: ETag, modifiedAt: LastModified?.toISOString() ?? '' }
    token = page.NextContinuationToken
  } while (token !== undefined)
}

/** Bytes that look random and are the same for the same label. */
export function bytesOf(label: string, length: number): Buffer {
  const key = createHash('md5').update(label).digest()
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}
