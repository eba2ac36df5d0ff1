import { declareFaults } from '#fault/fault'

export const registryFault = declareFaults({
  'registry/no-such-page': 'not-found',
  'registry/wrong-method': 'unsupported',
  'registry/malformed-hash': 'invalid',
  'registry/no-such-manifest': 'not-found',
  /** No address, no port, no database, or no key of a shard. */
  'registry/malformed-shard': 'invalid',
  'registry/foreign-backend': 'denied',
  'registry/no-such-shard': 'not-found',
  /** A backend is away, or does not give us what it has. */
  'registry/backend-failed': 'unavailable',
  'registry/not-multipart': 'invalid',
  'registry/malformed-form': 'invalid',
  'registry/too-large': 'too-large',
  'registry/busy': 'unavailable',
  'registry/token-missing': 'unauthenticated',
  'registry/token-lacks-right': 'denied',
  'registry/precondition-failed': 'precondition',
  'registry/range-unsatisfiable': 'invalid',
})
export type RegistryFaultCode = Parameters<typeof registryFault>[0]
