/** What is wrong with buckets, objects and uploads, in S3's words. */
import { customerKeyErrors } from '#api/s3/encryption-errors'
import {
  entityTooLarge,
  incompleteBody,
  insufficientStorage,
  preconditionFailed,
  type S3Error,
  serviceUnavailable,
  slowDown,
} from '#api/s3/s3-error'
import type { ObjectFaultCode } from '#object/faults'

export const objectErrors: Readonly<Record<ObjectFaultCode, S3Error>> = {
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
    message: 'The specified bucket does not exist',
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
  'object/precondition-failed': preconditionFailed,
  'object/incomplete-body': incompleteBody,
  'object/too-large': entityTooLarge,
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
