/**
 * Headers by which a client asks that something be kept: a lock, a place to write at. What we do not keep we refuse, because
 * a client that is told 200 relies on it.
 */
import type { Call } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'

const unkept: readonly RegExp[] = [/^x-amz-bucket-object-lock-token$/, /^x-amz-write-offset-bytes$/]

export function refuseUnkeptPromises({ headers }: Pick<Call, 'headers'>): void {
  for (const header of Object.keys(headers)) {
    if (unkept.some((pattern) => pattern.test(header))) {
      throw s3Fault('s3/not-implemented', { header })
    }
  }
}
