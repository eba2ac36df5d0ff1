/** What is wrong with proofs of who asks, in S3's words. */
import { accessDenied, incompleteBody, internal, type S3Error } from '#api/s3/s3-error'
import type { IdentityFaultCode } from '#identity/faults'

const authorizationMalformed: S3Error = {
  status: 400,
  code: 'AuthorizationHeaderMalformed',
  message: 'The authorization header that you provided is not valid.',
}

export const identityErrors: Readonly<Record<IdentityFaultCode, S3Error>> = {
  'identity/unsupported-scheme': {
    status: 400,
    code: 'InvalidArgument',
    message: 'Unsupported Authorization Type. Please use AWS4-HMAC-SHA256.',
  },
  'identity/malformed-authorization': authorizationMalformed,
  'identity/malformed-query-authorization': {
    status: 400,
    code: 'AuthorizationQueryParametersError',
    message: 'The authorization query parameters that you provided are not valid.',
  },
  'identity/malformed-form-authorization': {
    status: 400,
    code: 'InvalidArgument',
    message: 'The fields of the form that prove who sends it are not valid.',
  },
  'identity/two-authorizations': {
    status: 400,
    code: 'InvalidArgument',
    message: 'Only one auth mechanism allowed.',
  },
  'identity/unknown-key': {
    status: 403,
    code: 'InvalidAccessKeyId',
    message: 'The AWS Access Key Id you provided does not exist in our records.',
  },
  'identity/unknown-token': {
    status: 400,
    code: 'InvalidToken',
    message: 'The provided token is malformed or otherwise not valid.',
  },
  'identity/expired-token': {
    status: 400,
    code: 'ExpiredToken',
    message: 'The provided token has expired.',
  },
  'identity/wrong-region': {
    ...authorizationMalformed,
    message: 'The authorization header is malformed; the region is wrong.',
  },
  'identity/missing-date': {
    ...accessDenied,
    message: 'AWS authentication requires a valid Date or x-amz-date header.',
  },
  'identity/time-skewed': {
    status: 403,
    code: 'RequestTimeTooSkewed',
    message: "The difference between the request time and the server's time is too large.",
  },
  'identity/expired': { ...accessDenied, message: 'Request has expired.' },
  'identity/not-yet-valid': { ...accessDenied, message: 'Request is not yet valid.' },
  'identity/expiry-out-of-range': {
    status: 403,
    code: 'AuthorizationQueryParametersError',
    message: 'X-Amz-Expires must be between 1 and 604800 seconds.',
  },
  'identity/unsigned-header': {
    ...accessDenied,
    message: 'There were headers present in the request which were not signed.',
  },
  'identity/wrong-signature': {
    status: 403,
    code: 'SignatureDoesNotMatch',
    message:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  },
  'identity/missing-content-hash': {
    status: 400,
    code: 'InvalidRequest',
    message: 'Missing required header for this request: x-amz-content-sha256.',
  },
  'identity/malformed-content-hash': {
    status: 400,
    code: 'InvalidArgument',
    message:
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING-* payload we know, or a valid sha256 value.',
  },
  'identity/malformed-chunk': {
    status: 400,
    code: 'InvalidRequest',
    message: 'The chunked encoding of the body is malformed.',
  },
  'identity/incomplete-chunks': incompleteBody,
  'identity/malformed-trailer': {
    status: 400,
    code: 'MalformedTrailerError',
    message: 'The request contained trailing data that was not well-formed.',
  },
  'identity/malformed-credentials-file': internal,
}
