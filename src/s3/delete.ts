import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'
import { inputOf, type VersionName } from '#s3/version-facts'

/**
 * No fault when there is none: S3 deletes idempotently. Without `version`, a bucket that keeps versions gets a delete marker, whose id is returned.
 */
export async function deleteObject(
  endpoint: Endpoint,
  name: VersionName,
  { signal }: { readonly signal: AbortSignal },
): Promise<string | undefined> {
  const command = { ...inputOf(name) }
  const { VersionId } = await call(
    endpoint,
    (client, sending) => client.send(new DeleteObjectCommand(command), sending),
    { detail: { bucket: name.bucket, key: name.key }, signal },
  )
  return VersionId
}
