/** What can be wrong with what a publisher brings or a client reads: names, manifests, archives, lock files, proofs. Details named `reason` are sentences for people. */
import { declareFaults } from '#fault/fault'

export const archiveFault = declareFaults({
  'library/malformed-name': 'invalid',
  'library/malformed-version': 'invalid',
  'library/malformed-range': 'invalid',
  'library/malformed-manifest': 'invalid',
  /** `rule` says which (`ArchiveRule`); `path` is the entry, where there is one. */
  'library/archive-refused': 'invalid',
  /** `limit` says which (a name of `ArchiveLimits`), `most` how much it is. */
  'library/archive-too-large': 'too-large',
  /** The bytes are not those that their digest names. */
  'library/digest-differs': 'corrupt',
  'library/malformed-lock-file': 'invalid',
  'library/malformed-signature': 'invalid',
  'library/malformed-provenance': 'invalid',
  /** A signature is of none of the keys that are trusted, or of other bytes. */
  'library/not-authentic': 'denied',
})

export type ArchiveFaultCode = Parameters<typeof archiveFault>[0]
