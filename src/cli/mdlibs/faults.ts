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
  'mdlibs/insecure-registry': 'denied',
  'mdlibs/malformed-cafile': 'invalid',
  'mdlibs/not-logged-in': 'unauthenticated',
  'mdlibs/id-token-unusable': 'unauthenticated',
  /** A password or code is needed, and there is nobody to ask. */
  'mdlibs/no-terminal': 'unauthenticated',
  'mdlibs/no-such-token': 'not-found',
  'mdlibs/no-such-invitation': 'not-found',
  /** Several have the name: `ids`. */
  'mdlibs/ambiguous-token': 'conflict',
  'mdlibs/untrusted-certificate': 'denied',
  'mdlibs/no-such-host': 'not-found',
  /** No answer, or none that is whole. */
  'mdlibs/unreachable': 'unavailable',
  'mdlibs/redirected': 'unsupported',
  /** What answers there is something else. */
  'mdlibs/not-a-registry': 'unsupported',
  /** The archive or tree that came, or lies here, is not the one that was promised. */
  'mdlibs/damaged': 'corrupt',
  /** No signature of a key that is trusted: `reason`. */
  'mdlibs/not-signed': 'denied',
  'mdlibs/unknown-key': 'denied',
  'mdlibs/no-project': 'not-found',
  'mdlibs/no-lock': 'not-found',
  /** It is not what the manifest asks for. */
  'mdlibs/lock-outdated': 'conflict',
  'mdlibs/no-resolution': 'conflict',
  'mdlibs/not-installed': 'not-found',
  /** What would be replaced was changed here, or is not ours. */
  'mdlibs/changed-locally': 'conflict',
  'mdlibs/malformed-bundle': 'invalid',
  'mdlibs/not-verified': 'corrupt',
  /** Something is known against what is installed. */
  'mdlibs/advisories': 'precondition',
  'mdlibs/not-confirmed': 'precondition',
  // what a registry says; `message`, `hint` and `requestId` are its own
  'mdlibs/login-needed': 'unauthenticated',
  'mdlibs/denied': 'denied',
  'mdlibs/absent': 'not-found',
  'mdlibs/gone': 'not-found',
  'mdlibs/too-large': 'too-large',
  'mdlibs/busy': 'unavailable',
  'mdlibs/server-failed': 'unavailable',
  'mdlibs/refused': 'conflict',
})
export type MdlibsFaultCode = Parameters<typeof mdlibsFault>[0]
