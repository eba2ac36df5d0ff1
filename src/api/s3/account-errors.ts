/** What concerns users, keys and policies, in IAM's words. https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html */
import { accessDenied, type S3Error } from '#api/s3/s3-error'
import type { AccountFaultCode } from '#identity/faults'

const invalid = (message: string): S3Error => ({ status: 400, code: 'ValidationError', message })
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
  'identity/malformed-handle': invalid(
    "A name of the store's own users and groups has 3 to 32 lower-case letters, digits, dots, dashes and underscores, and a letter or digit at both ends.",
  ),
  'identity/malformed-principal-id': invalid('An id has 1 to 128 letters, digits and _$.:@+=-.'),
  'identity/malformed-access-key': invalid(
    'An access key id has 3 to 128 letters, digits and _.@+-.',
  ),
  'identity/malformed-secret': invalid(
    'A secret has 8 to 128 printable ASCII characters, and no spaces.',
  ),
  'identity/malformed-email': invalid('An e-mail address has one @ and no spaces.'),
  'identity/malformed-tenant': invalid(
    'A tenant has 1 to 64 letters, digits, dashes and underscores, and a letter or digit first.',
  ),
  'identity/malformed-name': invalid(
    'A displayed name has 1 to 128 characters, and no control characters.',
  ),
  'identity/malformed-policy': {
    status: 400,
    code: 'MalformedPolicy',
    message: 'The policy is not a valid document.',
  },
  'identity/malformed-entity-name': invalid(
    'A name has letters, digits and _+=,.@-: up to 64 of a user or role, up to 128 of a group or policy.',
  ),
  'identity/malformed-path': invalid(
    'A path begins and ends with /, and has up to 512 printable ASCII characters.',
  ),
  'identity/malformed-duration': invalid('The duration is out of range.'),
  'identity/malformed-provider': invalid(
    'A provider is an http or https URL of a host and a path.',
  ),
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
  'identity/malformed-password': invalid('The password is too short or too long.'),
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
