import { declareFaults } from '#fault/fault'

export const adminFault = declareFaults({
  'admin/no-such-page': 'not-found',
  'admin/wrong-method': 'unsupported',
  'admin/anonymous': 'unauthenticated',
  'admin/not-allowed': 'denied',
  'admin/body-too-large': 'too-large',
  'admin/body-not-signed': 'denied',
  'admin/malformed-body': 'invalid',
  'admin/no-audit-log': 'not-found',
  'admin/root-has-no-quota': 'invalid',
})
export type AdminFaultCode = Parameters<typeof adminFault>[0]
