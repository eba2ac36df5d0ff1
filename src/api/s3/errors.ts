/**
 * Every fault's word in S3. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * SDKs retry 500, 502, 503 and 504; so what a retry can mend is 503, and a full store is not.
 */

import type { RateFaultCode } from '#api/faults'
import { accountErrors } from '#api/s3/account-errors'
import { customerKeyErrors, encryptionErrors, kmsErrors } from '#api/s3/encryption-errors'
import type { S3FaultCode } from '#api/s3/faults'
import { selectErrors } from '#api/s3/select-errors'
import type { DeliveryFaultCode } from '#delivery/faults'
import { Fault, type FaultKind } from '#fault/fault'
import type { HttpFaultCode } from '#http/faults'
import type { IdentityFaultCode } from '#identity/faults'
import type { ObjectFaultCode } from '#object/faults'

export interface S3Error {
  readonly status: number
  readonly code: string
  readonly message: string
}

const internal: S3Error = {
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error. Please try again.',
}
const serviceUnavailable: S3Error = {
  status: 503,
  code: 'ServiceUnavailable',
  message: 'Storage nodes or the metadata database cannot be reached. Please try again.',
}
const slowDown: S3Error = {
  status: 503,
  code: 'SlowDown',
  message: 'Please reduce your request rate.',
}
const insufficientStorage: S3Error = {
  status: 507,
  code: 'InsufficientStorage',
  message: 'The store has no room for this.',
}
const accessDenied: S3Error = { status: 403, code: 'AccessDenied', message: 'Access Denied.' }

const objectErrors: Readonly<Record<ObjectFaultCode, S3Error>> = {
  'object/invalid-bucket-name': {
    status: 400,
    code: 'InvalidBucketName',
    message: 'The specified bucket is not valid.',
  },
  'object/invalid-key': {
    status: 400,
    code: 'InvalidArgument',
    message: 'The specified key is not valid.',
  },
  'object/key-too-long': {
    status: 400,
    code: 'KeyTooLongError',
    message: 'Your key is too long.',
  },
  'object/unknown-profile': {
    status: 400,
    code: 'InvalidArgument',
    message: 'The specified profile does not exist.',
  },
  'object/unknown-storage-class': {
    status: 400,
    code: 'InvalidStorageClass',
    message: 'The storage class you specified is not valid.',
  },
  'object/bucket-exists': {
    status: 409,
    code: 'BucketAlreadyExists',
    message: 'The requested bucket name is not available.',
  },
  'object/too-many-buckets': {
    status: 400,
    code: 'TooManyBuckets',
    message: 'You have attempted to create more buckets than allowed',
  },
  'object/bucket-not-empty': {
    status: 409,
    code: 'BucketNotEmpty',
    message: 'The bucket you tried to delete is not empty.',
  },
  'object/no-such-bucket': {
    status: 404,
    code: 'NoSuchBucket',
    message: 'The specified bucket does not exist.',
  },
  'object/no-such-key': {
    status: 404,
    code: 'NoSuchKey',
    message: 'The specified key does not exist.',
  },
  'object/no-such-upload': {
    status: 404,
    code: 'NoSuchUpload',
    message:
      'The specified multipart upload does not exist. It may have been aborted or completed.',
  },
  'object/no-such-version': {
    status: 404,
    code: 'NoSuchVersion',
    message: 'The specified version does not exist.',
  },
  'object/invalid-version-id': {
    status: 400,
    code: 'InvalidArgument',
    message: 'Invalid version id specified',
  },
  ...customerKeyErrors,
  'object/locked': {
    status: 403,
    code: 'AccessDenied',
    message: 'Access Denied because object protected by object lock.',
  },
  'object/not-lockable': {
    status: 400,
    code: 'InvalidRequest',
    message: 'Bucket is missing Object Lock Configuration',
  },
  'object/invalid-bucket-state': {
    status: 409,
    code: 'InvalidBucketState',
    message: 'The request is not valid with the current state of the bucket.',
  },
  'object/delete-marker': {
    status: 405,
    code: 'MethodNotAllowed',
    message: 'The specified method is not allowed against this resource.',
  },
  'object/precondition-failed': {
    status: 412,
    code: 'PreconditionFailed',
    message: 'At least one of the preconditions you specified did not hold.',
  },
  'object/incomplete-body': {
    status: 400,
    code: 'IncompleteBody',
    message: 'You did not provide the number of bytes specified by the Content-Length header.',
  },
  'object/too-large': {
    status: 400,
    code: 'EntityTooLarge',
    message: 'Your proposed upload exceeds the maximum allowed size.',
  },
  'object/part-number-invalid': {
    status: 400,
    code: 'InvalidArgument',
    message: 'Part number must be an integer between 1 and 10000, inclusive.',
  },
  'object/part-missing': {
    status: 400,
    code: 'InvalidPart',
    message: 'A specified part was never uploaded, or its entity tag does not match.',
  },
  'object/part-order': {
    status: 400,
    code: 'InvalidPartOrder',
    message: 'The list of parts was not in ascending order.',
  },
  'object/part-too-small': {
    status: 400,
    code: 'EntityTooSmall',
    message: 'A part other than the last is smaller than the minimum allowed size.',
  },
  'object/range-unsatisfiable': {
    status: 416,
    code: 'InvalidRange',
    message: 'The requested range is not satisfiable.',
  },
  'object/checksum-mismatch': {
    status: 400,
    code: 'BadDigest',
    message: 'A checksum you specified did not match what we received.',
  },
  'object/checksum-of-another-kind': {
    status: 400,
    code: 'InvalidRequest',
    message:
      'The checksum you specified is of another kind than those of the upload and its parts.',
  },
  'object/size-mismatch': {
    status: 400,
    code: 'InvalidRequest',
    message: 'The object size you specified is not the sum of the parts.',
  },
  'object/too-few-nodes': serviceUnavailable,
  'object/unreadable': serviceUnavailable,
  'object/quota-exceeded': {
    status: 403,
    code: 'QuotaExceeded',
    message: 'The quota of the bucket, or of its owner, leaves no room for this.',
  },
  'object/out-of-space': insufficientStorage,
  'object/busy': slowDown,
}

const httpErrors: Readonly<Record<HttpFaultCode, S3Error>> = {
  'http/malformed-request': {
    status: 400,
    code: 'BadRequest',
    message: 'An error occurred when parsing the HTTP request.',
  },
  'http/malformed-target': {
    status: 400,
    code: 'InvalidURI',
    message: "Couldn't parse the specified URI.",
  },
  'http/headers-too-large': {
    status: 400,
    code: 'RequestHeaderSectionTooLarge',
    message: 'Your request header section exceeds the maximum allowed size.',
  },
  'http/headers-timeout': {
    status: 400,
    code: 'RequestTimeout',
    message: 'Your request was not received within the timeout period.',
  },
  'http/body-timeout': {
    status: 400,
    code: 'RequestTimeout',
    message:
      'Your socket connection to the server was not read from or written to within the timeout period.',
  },
  'http/body-truncated': objectErrors['object/incomplete-body'],
  'http/body-malformed': {
    status: 400,
    code: 'BadRequest',
    message: 'An error occurred when parsing the HTTP request body.',
  },
  'http/client-gone': { status: 400, code: 'IncompleteBody', message: 'The connection was lost.' },
  'http/address-in-use': internal,
  'http/address-refused': internal,
  'http/document-unavailable': serviceUnavailable,
}

const authorizationMalformed: S3Error = {
  status: 400,
  code: 'AuthorizationHeaderMalformed',
  message: 'The authorization header that you provided is not valid.',
}

const identityErrors: Readonly<Record<IdentityFaultCode, S3Error>> = {
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
    message: 'The access key Id you provided does not exist in our records.',
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
  'identity/incomplete-chunks': objectErrors['object/incomplete-body'],
  'identity/malformed-trailer': {
    status: 400,
    code: 'MalformedTrailerError',
    message: 'The request contained trailing data that was not well-formed.',
  },
  'identity/malformed-credentials-file': internal,
}

const s3Errors: Readonly<Record<S3FaultCode, S3Error>> = {
  's3/access-denied': accessDenied,
  's3/acl-not-supported': {
    status: 400,
    code: 'AccessControlListNotSupported',
    message: 'The bucket does not allow ACLs.',
  },
  's3/bad-digest': {
    status: 400,
    code: 'BadDigest',
    message: 'The Content-MD5 or checksum value you specified did not match what we received.',
  },
  's3/bad-request': { status: 400, code: 'BadRequest', message: 'Bad Request.' },
  's3/body-too-large': objectErrors['object/too-large'],
  's3/body-too-small': {
    status: 400,
    code: 'EntityTooSmall',
    message: 'Your proposed upload is smaller than the minimum allowed size.',
  },
  's3/checksum-malformed': {
    status: 400,
    code: 'BadDigest',
    message: 'The checksum value you specified is not valid.',
  },
  's3/content-hash-mismatch': {
    status: 400,
    code: 'XAmzContentSHA256Mismatch',
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
  },
  's3/cors-not-enabled': {
    status: 403,
    code: 'AccessForbidden',
    message: 'CORSResponse: CORS is not enabled for this bucket.',
  },
  ...encryptionErrors,
  's3/fields-too-large': {
    status: 400,
    code: 'MaxPostPreDataLengthExceededError',
    message: 'Your POST request fields preceding the upload file were too large.',
  },
  's3/invalid-argument': { status: 400, code: 'InvalidArgument', message: 'Invalid Argument.' },
  's3/invalid-digest': {
    status: 400,
    code: 'InvalidDigest',
    message: 'The Content-MD5 you specified is not valid.',
  },
  's3/invalid-location': {
    status: 400,
    code: 'InvalidLocationConstraint',
    message: 'The specified location constraint is not valid.',
  },
  's3/invalid-log-target': {
    status: 400,
    code: 'InvalidTargetBucketForLogging',
    message: 'The target bucket for logging does not exist',
  },
  's3/invalid-part-number': {
    status: 400,
    code: 'InvalidPart',
    message: 'The requested part number does not exist.',
  },
  's3/invalid-policy-document': {
    status: 400,
    code: 'InvalidPolicyDocument',
    message:
      'The content of the form does not meet the conditions specified in the policy document.',
  },
  's3/invalid-redirect-location': {
    status: 400,
    code: 'InvalidRedirectLocation',
    message: "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
  },
  's3/invalid-request': { status: 400, code: 'InvalidRequest', message: 'Invalid Request.' },
  's3/invalid-retention-period': {
    status: 400,
    code: 'InvalidRetentionPeriod',
    message: 'The retention period must be a positive integer value.',
  },
  's3/invalid-tag': { status: 400, code: 'InvalidTag', message: 'The tag provided was not valid.' },
  's3/invalid-uri': {
    status: 400,
    code: 'InvalidURI',
    message: "Couldn't parse the specified URI.",
  },
  's3/malformed-form': {
    status: 400,
    code: 'MalformedPOSTRequest',
    message: 'The body of your POST request is not well-formed multipart/form-data.',
  },
  's3/malformed-xml': {
    status: 400,
    code: 'MalformedXML',
    message: 'The XML you provided was not well-formed or did not validate.',
  },
  's3/metadata-too-large': {
    status: 400,
    code: 'MetadataTooLarge',
    message: 'Your metadata headers exceed the maximum allowed metadata size.',
  },
  's3/method-not-allowed': {
    status: 405,
    code: 'MethodNotAllowed',
    message: 'The specified method is not allowed against this resource.',
  },
  's3/missing-content-length': {
    status: 411,
    code: 'MissingContentLength',
    message: 'You must provide the Content-Length HTTP header.',
  },
  's3/missing-trailer': {
    status: 400,
    code: 'MalformedTrailerError',
    message: 'The trailer announced in x-amz-trailer did not come.',
  },
  's3/grants-in-the-way': {
    status: 400,
    code: 'InvalidBucketAclWithObjectOwnership',
    message: "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  },
  's3/malformed-acl': {
    status: 400,
    code: 'MalformedACLError',
    message: 'The ACL that you provided was not well formed or did not validate.',
  },
  's3/missing-security-header': {
    status: 400,
    code: 'MissingSecurityHeader',
    message: 'Your request was missing a required header.',
  },
  's3/no-such-lifecycle': {
    status: 404,
    code: 'NoSuchLifecycleConfiguration',
    message: 'The lifecycle configuration does not exist',
  },
  's3/no-such-replication': {
    status: 404,
    code: 'ReplicationConfigurationNotFoundError',
    message: 'The replication configuration was not found',
  },
  's3/no-such-ownership': {
    status: 404,
    code: 'OwnershipControlsNotFoundError',
    message: 'The bucket ownership controls were not found',
  },
  's3/no-such-policy': {
    status: 404,
    code: 'NoSuchBucketPolicy',
    message: 'The bucket policy does not exist',
  },
  's3/no-such-public-access-block': {
    status: 404,
    code: 'NoSuchPublicAccessBlockConfiguration',
    message: 'The public access block configuration was not found',
  },
  's3/unresolvable-email': {
    status: 400,
    code: 'UnresolvableGrantByEmailAddress',
    message: 'The e-mail address you provided does not match any account on record.',
  },
  's3/no-such-cors': {
    status: 404,
    code: 'NoSuchCORSConfiguration',
    message: 'The CORS configuration does not exist',
  },
  's3/no-such-lock-configuration': {
    status: 404,
    code: 'ObjectLockConfigurationNotFoundError',
    message: 'Object Lock configuration does not exist for this bucket',
  },
  's3/no-such-object-lock': {
    status: 404,
    code: 'NoSuchObjectLockConfiguration',
    message: 'The specified object does not have a ObjectLock configuration',
  },
  's3/no-such-tag-set': {
    status: 404,
    code: 'NoSuchTagSet',
    message: 'The TagSet does not exist',
  },
  's3/no-such-torrent': {
    status: 404,
    code: 'NoSuchKey',
    message: 'The specified key does not exist.',
  },
  's3/no-such-website': {
    status: 404,
    code: 'NoSuchWebsiteConfiguration',
    message: 'The specified bucket does not have a website configuration',
  },
  's3/not-archived': {
    status: 403,
    code: 'InvalidObjectState',
    message: "Restore is not allowed for the object's current storage class.",
  },
  's3/not-implemented': {
    status: 501,
    code: 'NotImplemented',
    message: 'A header or query you provided implies functionality that is not implemented.',
  },
  's3/precondition-failed': objectErrors['object/precondition-failed'],
}

const rateErrors: Readonly<Record<RateFaultCode, S3Error>> = {
  'api/slow-down': slowDown,
}

/** Only what a bucket's settings can run into: targets are the operator's. */
const deliveryErrors: Readonly<Partial<Record<DeliveryFaultCode, S3Error>>> = {
  'delivery/no-such-target': {
    status: 400,
    code: 'InvalidArgument',
    message: 'Unable to validate the following destination configurations',
  },
}

/** Faults of rooms below the object domain, by what kind of thing happened. A kind that they cannot mean for a client is a bug. */
const kindErrors: Readonly<Record<FaultKind, S3Error>> = {
  invalid: internal,
  unauthenticated: accessDenied,
  denied: accessDenied,
  'not-found': internal,
  conflict: {
    status: 409,
    code: 'OperationAborted',
    message: 'A conflicting operation is in progress. Please try again.',
  },
  precondition: objectErrors['object/precondition-failed'],
  'too-large': objectErrors['object/too-large'],
  exhausted: insufficientStorage,
  unavailable: serviceUnavailable,
  timeout: serviceUnavailable,
  corrupt: internal,
  unsupported: {
    status: 501,
    code: 'NotImplemented',
    message: 'This is understood, but not offered.',
  },
}

const known: ReadonlyMap<string, S3Error> = new Map(
  Object.entries({
    ...objectErrors,
    ...httpErrors,
    ...identityErrors,
    ...accountErrors,
    ...deliveryErrors,
    ...kmsErrors,
    ...rateErrors,
    ...s3Errors,
    ...selectErrors,
  }),
)

/** What to tell the client of any error; what nobody expected is `InternalError` and tells nothing. */
export function s3ErrorOf(error: unknown): S3Error {
  if (!(error instanceof Fault)) return internal
  return known.get(error.code) ?? kindErrors[error.kind]
}

/** False for faults of rooms below the domains: their details are the operator's. */
export function isToldToClients(error: unknown): error is Fault {
  return error instanceof Fault && known.has(error.code)
}
