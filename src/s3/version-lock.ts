/** Retention and legal hold of one version. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html */
import { PutObjectLegalHoldCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'
import { inputOf, type VersionLock, type VersionName } from '#s3/version-facts'

/** A retention that has ended is not repeated: no endpoint takes a time that has passed, and it protects nothing. */
export async function lockVersion(
  endpoint: Endpoint,
  name: VersionName,
  { retention, isHeld }: VersionLock,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const options = { detail: { bucket: name.bucket, key: name.key }, signal }
  const isOver = retention === undefined || retention.until.getTime() <= endpoint.world.now()
  if (!isOver) {
    const Retention = { Mode: retention.mode, RetainUntilDate: retention.until }
    const input = { ...inputOf(name), Retention, ...withDigest }
    await call(
      endpoint,
      (client, sending) => client.send(new PutObjectRetentionCommand(input), sending),
      options,
    )
  }
  if (isHeld) {
    const input = { ...inputOf(name), LegalHold: { Status: 'ON' }, ...withDigest } as const
    await call(
      endpoint,
      (client, sending) => client.send(new PutObjectLegalHoldCommand(input), sending),
      options,
    )
  }
}

/** S3 wants both with a digest of their body. */
const withDigest = { ChecksumAlgorithm: 'CRC32' } as const
