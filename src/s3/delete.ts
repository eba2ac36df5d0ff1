import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'
import type { ObjectName } from '#s3/head'

/** No fault when there is none: S3 deletes idempotently. */
export async function deleteObject(
  endpoint: Endpoint,
  { bucket, key }: ObjectName,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const input = { Bucket: bucket, Key: key }
  await call(endpoint, (client, sending) => client.send(new DeleteObjectCommand(input), sending), {
    detail: { bucket, key },
    signal,
  })
}
