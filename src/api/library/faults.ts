import { declareFaults } from '#fault/fault'

export const libraryDoorFault = declareFaults({
  'library-door/no-such-page': 'not-found',
  'library-door/wrong-method': 'unsupported',
  'library-door/wrong-type': 'unsupported',
  'library-door/malformed-body': 'invalid',
  'library-door/malformed-query': 'invalid',
  'library-door/malformed-header': 'invalid',
  'library-door/body-too-large': 'too-large',
  /** Nobody is served here without a token. */
  'library-door/sign-in-needed': 'unauthenticated',
  'library-door/malformed-token': 'unauthenticated',
  /** A form that no page of ours has sent. */
  'library-door/foreign-form': 'denied',
  'library-door/budget-spent': 'unavailable',
  'library-door/busy': 'unavailable',
  'library-door/precondition-failed': 'precondition',
  'library-door/range-unsatisfiable': 'invalid',
})
export type LibraryDoorFaultCode = Parameters<typeof libraryDoorFault>[0]
