import { declareFaults } from '#fault/fault'

export const mdlibsFault = declareFaults({
  'mdlibs/no-such-document': 'not-found',
  /** Its path leads out of the library. */
  'mdlibs/outside-library': 'denied',
  'mdlibs/not-markdown': 'invalid',
  'mdlibs/not-utf8': 'unsupported',
  /** `path`, and `mistakes`: sentences, one per line. */
  'mdlibs/mistaken-settings': 'invalid',
  'mdlibs/malformed-registry': 'invalid',
  'mdlibs/unknown-registry': 'not-found',
  'mdlibs/registry-exists': 'conflict',
  /** A project names it, and its user has not agreed. */
  'mdlibs/registry-not-agreed': 'denied',
})
export type MdlibsFaultCode = Parameters<typeof mdlibsFault>[0]
