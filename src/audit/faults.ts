import { declareFaults } from '#fault/fault'

export const auditFault = declareFaults({
  'audit/damaged': 'conflict',
})
export type AuditFaultCode = Parameters<typeof auditFault>[0]
