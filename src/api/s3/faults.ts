import { declareFaults } from '#fault/fault'

/** What is wrong with a request as S3, before the domain is asked. Details named `reason` are shown to the client. */
export const s3Fault = declareFaults({
  's3/access-denied': 'denied',
  's3/acl-not-supported': 'unsupported',
  's3/bad-digest': 'invalid',
  's3/bad-request': 'invalid',
  's3/body-too-large': 'too-large',
  's3/body-too-small': 'invalid',
  's3/checksum-malformed': 'invalid',
  's3/content-hash-mismatch': 'invalid',
  's3/cors-not-allowed': 'denied',
  's3/cors-not-enabled': 'denied',
  's3/fields-too-large': 'too-large',
  's3/invalid-argument': 'invalid',
  's3/insecure-transport': 'invalid',
  's3/invalid-digest': 'invalid',
  's3/invalid-encryption-algorithm': 'invalid',
  's3/invalid-location': 'invalid',
  's3/invalid-log-target': 'invalid',
  's3/invalid-part-number': 'invalid',
  's3/invalid-policy-document': 'invalid',
  's3/invalid-redirect-location': 'invalid',
  's3/invalid-request': 'invalid',
  's3/invalid-retention-period': 'invalid',
  's3/invalid-tag': 'invalid',
  's3/invalid-uri': 'invalid',
  's3/malformed-form': 'invalid',
  's3/bucket-owned': 'conflict',
  's3/malformed-xml': 'invalid',
  's3/metadata-too-large': 'too-large',
  's3/method-not-allowed': 'unsupported',
  's3/missing-content-length': 'invalid',
  's3/missing-trailer': 'invalid',
  's3/grants-in-the-way': 'invalid',
  's3/malformed-acl': 'invalid',
  's3/missing-security-header': 'invalid',
  's3/no-such-cors': 'not-found',
  's3/no-such-encryption': 'not-found',
  's3/no-such-lifecycle': 'not-found',
  's3/no-such-ownership': 'not-found',
  's3/no-such-policy': 'not-found',
  's3/no-such-public-access-block': 'not-found',
  's3/no-such-lock-configuration': 'not-found',
  's3/no-such-replication': 'not-found',
  's3/no-such-object-lock': 'not-found',
  's3/no-such-tag-set': 'not-found',
  's3/no-such-torrent': 'not-found',
  's3/no-such-website': 'not-found',
  's3/not-archived': 'denied',
  's3/not-implemented': 'unsupported',
  's3/precondition-failed': 'precondition',
  's3/unresolvable-email': 'invalid',
})
export type S3FaultCode = Parameters<typeof s3Fault>[0]

/** A document that is not what is expected: `reason` names the element, or says what is wrong. */
export function malformedXml(reason: string, cause?: unknown): Error {
  return s3Fault('s3/malformed-xml', { reason }, cause)
}

/** `argument`: the header, parameter or element that cannot be used. */
export function invalidArgument(argument: string, reason: string): Error {
  return s3Fault('s3/invalid-argument', { argument, reason })
}

export function invalidRequest(reason: string): Error {
  return s3Fault('s3/invalid-request', { reason })
}
