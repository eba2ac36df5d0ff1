/** The AWS SDK as tests use it: with its default settings, but every request is tried once, for tests count failures. */
import { deepEqual } from 'node:assert/strict'
import { S3Client, type S3ClientConfig, type S3ServiceException } from '@aws-sdk/client-s3'

/** An S3 door, and who asks there. */
export interface Access {
  readonly s3Url: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export function clientOf(
  { s3Url, accessKeyId, secretAccessKey, sessionToken }: Access,
  more: S3ClientConfig = {},
): S3Client {
  const session = sessionToken === undefined ? {} : { sessionToken }
  return new S3Client({
    endpoint: s3Url,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, ...session },
    ...more,
  })
}

/** For `clientOf`: requests that say nothing of who sends them. */
export const unsigned: S3ClientConfig = { signer: { sign: async (request) => request } }

/** For `rejects`: that the service refused it, in these words. */
export function refused(status: number, name: string) {
  return (error: unknown): boolean => {
    const { $metadata, name: found } = error as Partial<S3ServiceException> // if it is the service's
    deepEqual([$metadata?.httpStatusCode, found], [status, name])
    return true
  }
}
