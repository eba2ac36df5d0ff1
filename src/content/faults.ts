/** What can go wrong with links. Details named `reason` are shown to people; `at` is a byte of the metadata, counted from 0. */
import { declareFaults } from '#fault/fault'

export const contentFault = declareFaults({
  /** It does not begin as metadata does. */
  'content/metadata-foreign': 'invalid',
  'content/metadata-version': 'unsupported',
  /** Written by a tool of 2025, whose shards lie elsewhere. */
  'content/metadata-older-layout': 'unsupported',
  'content/metadata-malformed': 'invalid',
  /** Its fields can be read, or could be written, but cannot be true. */
  'content/metadata-impossible': 'invalid',
  /** Several shards of a block rest in one place, where the last one has overwritten the others. */
  'content/metadata-overwritten-shards': 'invalid',
  /** Not to be used as a file's name. */
  'content/hostile-name': 'invalid',
  'content/directory-cycle': 'invalid',
  'content/directory-too-large': 'too-large',
  'content/link-malformed': 'invalid',
  /** A file of tokens, or of logins, is not what it should be. */
  'content/malformed-tokens': 'invalid',
  /** Not what its hash says it is. */
  'content/hash-differs': 'corrupt',
  /** Its hash is right and its key is not, or it was never sealed with it. */
  'content/not-authentic': 'corrupt',
  'content/too-few-shards': 'unavailable',
  /** Enough shards are there, but no choice of them gives the block. */
  'content/damaged-shards': 'corrupt',
})
