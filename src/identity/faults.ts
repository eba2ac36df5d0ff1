import { declareFaults } from '#fault/fault'

export const identityFault = declareFaults({
  'identity/unsupported-scheme': 'invalid',
  'identity/malformed-authorization': 'invalid',
  'identity/malformed-query-authorization': 'invalid',
  'identity/malformed-form-authorization': 'invalid',
  'identity/two-authorizations': 'invalid',
  'identity/unknown-key': 'denied',
  'identity/unknown-token': 'invalid',
  'identity/wrong-region': 'invalid',
  'identity/missing-date': 'denied',
  'identity/time-skewed': 'denied',
  'identity/expired': 'denied',
  'identity/not-yet-valid': 'denied',
  'identity/expiry-out-of-range': 'denied',
  'identity/unsigned-header': 'denied',
  'identity/wrong-signature': 'denied',
  'identity/missing-content-hash': 'invalid',
  'identity/malformed-content-hash': 'invalid',
  'identity/malformed-chunk': 'invalid',
  'identity/incomplete-chunks': 'invalid',
  'identity/malformed-trailer': 'invalid',
  'identity/malformed-credentials-file': 'invalid',
})
export type IdentityFaultCode = Parameters<typeof identityFault>[0]

/** Of managing principals and keys, where the others are of proving who one is. */
export const accountFault = declareFaults({
  'identity/malformed-handle': 'invalid',
  'identity/malformed-principal-id': 'invalid',
  'identity/malformed-access-key': 'invalid',
  'identity/malformed-secret': 'invalid',
  'identity/malformed-email': 'invalid',
  'identity/malformed-tenant': 'invalid',
  'identity/malformed-name': 'invalid',
  'identity/malformed-policy': 'invalid',
  'identity/no-such-principal': 'not-found',
  'identity/principal-exists': 'conflict',
  'identity/handle-taken': 'conflict',
  'identity/email-taken': 'conflict',
  'identity/root-stays': 'denied',
  'identity/no-such-key': 'not-found',
  'identity/key-exists': 'conflict',
  'identity/too-many-keys': 'too-large',
})
export type AccountFaultCode = Parameters<typeof accountFault>[0]
