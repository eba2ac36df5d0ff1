/** What most files about the S3 API begin with: a server, the SDK as its root, and a bucket. */
import { after } from 'node:test'
import {
  CreateBucketCommand,
  PutObjectCommand,
  type PutObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { clientOf } from '../../sdk.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

export interface S3Suite {
  readonly server: S3Server
  readonly client: S3Client
  put(Key: string, Body: string | Uint8Array, more?: object): Promise<PutObjectCommandOutput>
}

/** To be awaited before the first test of a file; all of it ends with the last one. */
export async function openSuite(Bucket: string): Promise<S3Suite> {
  const server = await startS3Server()
  const client = clientOf(server)
  await client.send(new CreateBucketCommand({ Bucket }))
  after(async () => {
    client.destroy()
    await server[Symbol.asyncDispose]()
  })
  return {
    server,
    client,
    put: (Key, Body, more = {}) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body, ...more })),
  }
}
