/** What concerns users, keys and policies, in IAM's words. https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html */
import { accessDenied, type S3Error } from '#api/s3/s3-error'
import type { AccountFaultCode } from '#identity/faults'

const invalidField: S3Error = {
  status: 400,
  code: 'ValidationError',
  message: 'A field of the request is not valid.',
}
const noSuchEntity: S3Error = {
  status: 404,
  code: 'NoSuchEntity',
  message: 'There is no user or key of that name.',
}
const entityExists: S3Error = {
  status: 409,
  code: 'EntityAlreadyExists',
  message: 'A user or key of that name exists already.',
}

export const accountErrors: Readonly<Record<AccountFaultCode, S3Error>> = {
  'identity/malformed-handle': invalidField,
  'identity/malformed-principal-id': invalidField,
  'identity/malformed-access-key': invalidField,
  'identity/malformed-secret': invalidField,
  'identity/malformed-email': invalidField,
  'identity/malformed-tenant': invalidField,
  'identity/malformed-name': invalidField,
  'identity/malformed-policy': {
    status: 400,
    code: 'MalformedPolicy',
    message: 'The policy is not a valid document.',
  },
  'identity/malformed-entity-name': invalidField,
  'identity/malformed-path': invalidField,
  'identity/malformed-duration': invalidField,
  'identity/malformed-provider': invalidField,
  'identity/no-such-entity': noSuchEntity,
  'identity/no-such-policy': noSuchEntity,
  'identity/entity-exists': entityExists,
  'identity/still-in-use': {
    status: 409,
    code: 'DeleteConflict',
    message: 'It still has keys, policies or members, or is attached.',
  },
  'identity/too-many': {
    status: 409,
    code: 'LimitExceeded',
    message: 'There are as many as there may be.',
  },
  'identity/not-assumable': { ...accessDenied, message: 'The role cannot be assumed.' },
  'identity/not-by-session': {
    ...accessDenied,
    message: 'Cannot be called with session credentials.',
  },
  'identity/no-such-principal': noSuchEntity,
  'identity/principal-exists': entityExists,
  'identity/handle-taken': entityExists,
  'identity/email-taken': entityExists,
  'identity/root-stays': accessDenied,
  'identity/no-such-key': noSuchEntity,
  'identity/key-exists': entityExists,
  'identity/too-many-keys': {
    status: 409,
    code: 'LimitExceeded',
    message: 'The user has as many access keys as a user may have.',
  },
  'identity/malformed-password': invalidField,
  'identity/no-totp': entityExists,
  'identity/login-refused': accessDenied,
  'identity/login-throttled': accessDenied,
  'identity/invalid-web-identity': {
    status: 400,
    code: 'InvalidIdentityToken',
    message: 'The identity token cannot be used.',
  },
  'identity/expired-web-identity': {
    status: 400,
    code: 'ExpiredTokenException',
    message: 'The identity token has expired.',
  },
  'identity/provider-unreachable': {
    status: 400,
    code: 'IDPCommunicationError',
    message: 'The provider of identities cannot be reached.',
  },
}
