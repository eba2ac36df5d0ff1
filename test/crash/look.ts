/** Everything there is in a bucket, read to its last byte. */
import { createHash } from 'node:crypto'
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import type { TestBucket } from '../s3-bucket.ts'
import type { FoundObject } from './model.ts'

export async function look(bucket: TestBucket): Promise<{
  readonly objects: readonly FoundObject[]
  readonly uploadIds: readonly string[]
}> {
  const listed = await bucket.list()
  const objects = await Promise.all(
    listed.map(async (object) => {
      const body = await bucket.get(object.key)
      if (body.length !== object.bytes)
        throw new Error(`${object.key}: listed with ${object.bytes} bytes, has ${body.length}`)
      return { ...object, sha256: createHash('sha256').update(body).digest('hex') }
    }),
  )
  const { client, name: Bucket } = bucket
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  return { objects, uploadIds: Uploads.map(({ UploadId = '' }) => UploadId) }
}
