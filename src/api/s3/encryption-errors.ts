/** What is wrong with keys, in S3's words and those of its key service. */
import type { S3FaultCode } from '#api/s3/faults'
import type { S3Error } from '#api/s3/s3-error'
import type { KmsFaultCode } from '#kms/faults'
import type { ObjectFaultCode } from '#object/faults'

export const customerKeyErrors: Readonly<
  Record<Extract<ObjectFaultCode, `object/customer-key-${string}`>, S3Error>
> = {
  'object/customer-key-needed': {
    status: 400,
    code: 'InvalidRequest',
    message:
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
  },
  'object/customer-key-unwanted': {
    status: 400,
    code: 'InvalidRequest',
    message: 'The encryption parameters are not applicable to this object.',
  },
  'object/customer-key-wrong': {
    status: 400,
    code: 'InvalidRequest',
    message: 'The provided encryption parameters did not match the ones used originally.',
  },
}

export const encryptionErrors: Readonly<
  Record<
    Extract<
      S3FaultCode,
      's3/insecure-transport' | 's3/invalid-encryption-algorithm' | 's3/no-such-encryption'
    >,
    S3Error
  >
> = {
  's3/insecure-transport': {
    status: 400,
    code: 'InvalidRequest',
    message:
      'Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.',
  },
  's3/invalid-encryption-algorithm': {
    status: 400,
    code: 'InvalidEncryptionAlgorithmError',
    message: 'The encryption request that you specified is not valid. The valid value is AES256.',
  },
  's3/no-such-encryption': {
    status: 404,
    code: 'ServerSideEncryptionConfigurationNotFoundError',
    message: 'The server side encryption configuration was not found',
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html speaks of the first two alone; the rest are the key service's own words. */
const invalidKeyField: S3Error = {
  status: 400,
  code: 'ValidationException',
  message: 'A field of the key is not valid.',
}
const noSuchNamedKey: S3Error = {
  status: 400,
  code: 'KMS.NotFoundException',
  message: 'The key does not exist, or no key was named and there is none by default.',
}

export const kmsErrors: Readonly<Record<KmsFaultCode, S3Error>> = {
  'kms/key-disabled': {
    status: 400,
    code: 'KMS.DisabledException',
    message: 'The key that the object is encrypted with is disabled.',
  },
  'kms/no-such-key': noSuchNamedKey,
  'kms/no-default-key': noSuchNamedKey,
  'kms/key-exists': {
    status: 409,
    code: 'AlreadyExistsException',
    message: 'A key of that name exists already.',
  },
  'kms/malformed-description': invalidKeyField,
  'kms/malformed-key-id': invalidKeyField,
  'kms/too-many-versions': {
    status: 400,
    code: 'LimitExceededException',
    message: 'The key has been rotated as often as a key may be.',
  },
}
