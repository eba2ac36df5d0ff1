/**
 * Headers by which a client asks that something be kept: a lock, a key, a tag, an access list. What we do not keep we refuse, because
 * a client that is told 200 relies on it.
 */
import type { Call } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'

const unkept: readonly RegExp[] = [
  /^x-amz-server-side-encryption-(customer|aws-kms|context|bucket-key)/,
  /^x-amz-copy-source-server-side-encryption-/,
  /^x-amz-bucket-object-lock-token$/,
  /^x-amz-write-offset-bytes$/,
]

export function refuseUnkeptPromises({ headers }: Pick<Call, 'headers'>): void {
  for (const header of Object.keys(headers)) {
    if (unkept.some((pattern) => pattern.test(header))) {
      throw s3Fault('s3/not-implemented', { header })
    }
  }
  const encryption = headers['x-amz-server-side-encryption']
  if (encryption !== undefined && encryption !== 'AES256') {
    throw s3Fault('s3/not-implemented', { header: 'x-amz-server-side-encryption' })
  }
}

/** Everything at rest is encrypted; a client that asked for it is told so. */
export function encryptionHeaders({ headers }: Pick<Call, 'headers'>): Record<string, string> {
  const asked = headers['x-amz-server-side-encryption']
  return asked === undefined ? {} : { 'x-amz-server-side-encryption': asked }
}
