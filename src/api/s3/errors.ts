/**
 * Every fault's word in S3. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * SDKs retry 500, 502, 503 and 504; so what a retry can mend is 503, and a full store is not.
 */

import type { RateFaultCode } from '#api/faults'
import { accountErrors } from '#api/s3/account-errors'
import { encryptionErrors, kmsErrors } from '#api/s3/encryption-errors'
import type { S3FaultCode } from '#api/s3/faults'
import { identityErrors } from '#api/s3/identity-errors'
import { objectErrors } from '#api/s3/object-errors'
import {
  accessDenied,
  entityTooLarge,
  incompleteBody,
  insufficientStorage,
  internal,
  preconditionFailed,
  type S3Error,
  serviceUnavailable,
  slowDown,
} from '#api/s3/s3-error'
import { selectErrors } from '#api/s3/select-errors'
import type { DeliveryFaultCode } from '#delivery/faults'
import { Fault, type FaultKind } from '#fault/fault'
import type { HttpFaultCode } from '#http/faults'

const httpErrors: Readonly<Record<HttpFaultCode, S3Error>> = {
  'http/malformed-request': {
    status: 400,
    code: 'BadRequest',
    message: 'An error occurred when parsing the HTTP request.',
  },
  'http/malformed-target': {
    status: 400,
    code: 'InvalidURI',
    message: "Couldn't parse the specified URI. Whatever is not ASCII must be percent-encoded.",
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
  'http/body-truncated': incompleteBody,
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
  's3/body-too-large': entityTooLarge,
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
  's3/cors-not-allowed': {
    status: 403,
    code: 'AccessForbidden',
    message:
      'CORSResponse: This CORS request is not allowed. No CORS rule of the bucket has this origin, this method and these headers.',
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
  's3/bucket-owned': {
    status: 409,
    code: 'BucketAlreadyOwnedByYou',
    message:
      'You own this bucket already, and it stays as it is: this request asks for tags, object lock or a profile that it may not have.',
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
  's3/precondition-failed': preconditionFailed,
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
  precondition: preconditionFailed,
  'too-large': entityTooLarge,
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
