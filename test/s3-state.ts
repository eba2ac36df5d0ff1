/** Everything a client can see of a store, in an order and a form that can be compared. */
import { createHash } from 'node:crypto'
import {
  GetObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { RunningStore } from './harness.ts'
import { clientOf } from './sdk.ts'

export interface BucketState {
  readonly name: string
  readonly createdAt: string
  readonly objects: readonly ObjectState[]
  readonly uploads: readonly UploadState[]
}

export interface ObjectState {
  readonly key: string
  /** As the listing has them. */
  readonly listed: string
  /** As GET has them: size, entity tag, date, content type, metadata. */
  readonly headers: string
  readonly sha256: string
}

export interface UploadState {
  readonly key: string
  readonly id: string
  readonly initiatedAt: string
  /** Number, size, entity tag and date of each. */
  readonly parts: readonly string[]
}

/** For stores of a test's size: listings are one page. */
export async function stateOf(store: RunningStore): Promise<readonly BucketState[]> {
  const client = clientOf(store)
  try {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}))
    return await Promise.all(
      Buckets.map(async ({ Name = '', CreationDate }) => ({
        name: Name,
        createdAt: String(CreationDate?.toISOString()),
        objects: await objectsOf(client, Name),
        uploads: await uploadsOf(client, Name),
      })),
    )
  } finally {
    client.destroy()
  }
}

async function objectsOf(client: S3Client, Bucket: string): Promise<readonly ObjectState[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
  return await Promise.all(
    Contents.map(async ({ Key = '', Size, ETag, LastModified, StorageClass }) => {
      const { Body, ...head } = await client.send(new GetObjectCommand({ Bucket, Key }))
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
      const { ContentLength, ContentType, Metadata } = head
      return {
        key: Key,
        listed: JSON.stringify([Size, ETag, LastModified, StorageClass]),
        headers: JSON.stringify([
          ContentLength,
          head.ETag,
          head.LastModified,
          ContentType,
          Metadata,
        ]),
        sha256: createHash('sha256').update(bytes).digest('hex'),
      }
    }),
  )
}

async function uploadsOf(client: S3Client, Bucket: string): Promise<readonly UploadState[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  return await Promise.all(
    Uploads.map(async ({ Key = '', UploadId = '', Initiated }) => {
      const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }))
      return {
        key: Key,
        id: UploadId,
        initiatedAt: String(Initiated?.toISOString()),
        parts: Parts.map(({ PartNumber, Size, ETag, LastModified }) =>
          JSON.stringify([PartNumber, Size, ETag, LastModified]),
        ),
      }
    }),
  )
}
