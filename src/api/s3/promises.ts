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

/** With ACLs off, as in AWS's new buckets, only those that say what is so anyway are taken. */
const harmlessAcls = new Set(['private', 'bucket-owner-full-control', 'bucket-owner-read'])

export function refuseUnkeptPromises({ headers }: Pick<Call, 'headers'>): void {
  for (const header of Object.keys(headers)) {
    if (header.startsWith('x-amz-grant-')) throw s3Fault('s3/acl-not-supported')
    if (unkept.some((pattern) => pattern.test(header))) {
      throw s3Fault('s3/not-implemented', { header })
    }
  }
  const acl = headers['x-amz-acl']
  if (acl !== undefined && !harmlessAcls.has(acl)) throw s3Fault('s3/acl-not-supported', { acl })
  const encryption = headers['x-amz-server-side-encryption']
  if (encryption !== undefined && encryption !== 'AES256') {
    throw s3Fault('s3/not-implemented', { header: 'x-amz-server-side-encryption' })
  }
  const storageClass = headers['x-amz-storage-class']
  if (storageClass !== undefined && storageClass !== 'STANDARD') {
    throw s3Fault('s3/invalid-storage-class')
  }
}

/** Everything at rest is encrypted; a client that asked for it is told so. */
export function encryptionHeaders({ headers }: Pick<Call, 'headers'>): Record<string, string> {
  const asked = headers['x-amz-server-side-encryption']
  return asked === undefined ? {} : { 'x-amz-server-side-encryption': asked }
}
