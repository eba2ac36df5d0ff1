import { declareFaults } from '#fault/fault'

export const cliFault = declareFaults({
  /** `mistakes`: sentences, one per line. */
  'cli/mistaken-usage': 'invalid',
  'cli/no-credentials': 'unauthenticated',
  /** A profile whose keys have to be fetched from somewhere first. */
  'cli/foreign-profile': 'unsupported',
  'cli/no-such-file': 'not-found',
  'cli/file-unusable': 'denied',
  'cli/file-changed': 'conflict',
  'cli/disk-full': 'exhausted',
  /** What came is not what the endpoint keeps a digest of. */
  'cli/damaged-download': 'corrupt',
  /** A key that would name a file outside the directory, or none. */
  'cli/unsafe-key': 'invalid',
  'cli/nothing-there': 'not-found',
  'cli/no-secret': 'unauthenticated',
  'cli/wrong-secret': 'unauthenticated',
  /** `needs`: `passphrase` or `key-file`. */
  'cli/other-secret': 'unauthenticated',
  'cli/malformed-key-file': 'invalid',
  'cli/damaged-envelope': 'corrupt',
  'cli/unsupported-envelope': 'unsupported',
  'cli/partly-failed': 'unavailable',
  /** `hint`: what to do next. */
  'cli/interrupted': 'conflict',
})
export type CliFaultCode = Parameters<typeof cliFault>[0]
