import { declareFaults } from '#fault/fault'

/** What is wrong with a request as S3, before the domain is asked. Details named `reason` are shown to the client. */
export const s3Fault = declareFaults({
  's3/access-denied': 'denied',
  's3/acl-not-supported': 'unsupported',
  's3/bad-digest': 'invalid',
  's3/bad-request': 'invalid',
  's3/body-too-large': 'too-large',
  's3/checksum-malformed': 'invalid',
  's3/content-hash-mismatch': 'invalid',
  's3/cors-not-enabled': 'denied',
  's3/invalid-argument': 'invalid',
  's3/invalid-digest': 'invalid',
  's3/invalid-location': 'invalid',
  's3/invalid-part-number': 'invalid',
  's3/invalid-request': 'invalid',
  's3/invalid-retention-period': 'invalid',
  's3/invalid-storage-class': 'invalid',
  's3/invalid-tag': 'invalid',
  's3/invalid-uri': 'invalid',
  's3/malformed-xml': 'invalid',
  's3/metadata-too-large': 'too-large',
  's3/method-not-allowed': 'unsupported',
  's3/missing-content-length': 'invalid',
  's3/missing-trailer': 'invalid',
  's3/no-such-cors': 'not-found',
  's3/no-such-lock-configuration': 'not-found',
  's3/no-such-object-lock': 'not-found',
  's3/no-such-tag-set': 'not-found',
  's3/not-implemented': 'unsupported',
  's3/precondition-failed': 'precondition',
})
export type S3FaultCode = Parameters<typeof s3Fault>[0]
