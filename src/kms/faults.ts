import { declareFaults } from '#fault/fault'

export const kmsFault = declareFaults({
  'kms/key-disabled': 'denied',
  'kms/key-exists': 'conflict',
  'kms/malformed-description': 'invalid',
  'kms/malformed-key-id': 'invalid',
  'kms/no-default-key': 'not-found',
  'kms/no-such-key': 'not-found',
  'kms/too-many-versions': 'too-large',
})
export type KmsFaultCode = Parameters<typeof kmsFault>[0]
