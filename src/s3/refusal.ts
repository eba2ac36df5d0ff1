/** What an endpoint says when there is nothing of the kind, or it knows nothing of the kind. */
import { Fault } from '#fault/fault'

/** Words for "there is none". https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const absentCodes: readonly string[] = [
  'NoSuchBucketPolicy',
  'NoSuchCORSConfiguration',
  'NoSuchLifecycleConfiguration',
  'NoSuchObjectLockConfiguration',
  'NoSuchPublicAccessBlockConfiguration',
  'NoSuchTagSet',
  'NoSuchTagSetError', // Ceph's older word
  'NoSuchWebsiteConfiguration',
  'ObjectLockConfigurationNotFoundError',
  'OwnershipControlsNotFoundError',
  'ServerSideEncryptionConfigurationNotFoundError',
]

/** Words, and statuses without one, for "I do not do that". */
const unknownCodes: readonly string[] = [
  'MethodNotAllowed',
  'NotImplemented',
  'UnsupportedOperation',
]
const unknownStatuses: readonly unknown[] = [405, 501]

/** The subresource is not set. */
export function isAbsence(error: unknown): boolean {
  return error instanceof Fault && absentCodes.includes(String(error.detail['code']))
}

/** The endpoint does not offer the operation at all. */
export function isUnknownThere(error: unknown): boolean {
  if (!(error instanceof Fault) || !error.code.startsWith('endpoint/')) return false
  const { code, status } = error.detail
  return unknownCodes.includes(String(code)) || unknownStatuses.includes(status)
}
