import { declareFaults } from '#fault/fault'

export const mdlibsFault = declareFaults({
  'mdlibs/no-such-document': 'not-found',
  /** Its path leads out of the library. */
  'mdlibs/outside-library': 'denied',
  'mdlibs/not-markdown': 'invalid',
  'mdlibs/not-utf8': 'unsupported',
})
export type MdlibsFaultCode = Parameters<typeof mdlibsFault>[0]
