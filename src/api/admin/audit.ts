import { z } from 'zod'
import { adminFault } from '#api/admin/faults'
import { type AdminParts, route } from '#api/admin/route'
import type { AuditLog } from '#audit/audit-log'
import { placeOf } from '#audit/entry'

const entriesMax = 1_000

/** As the lines of the files have it: docs/formats/audit.md */
const entry = z.looseObject({
  sequence: z.number(),
  at: z.iso.datetime(),
  operation: z.string(),
  status: z.number(),
  previous: z.string(),
})

export const auditRoutes = [
  route({
    method: 'GET',
    path: '/audit/newest/{count}',
    summary: `The newest entries of the audit log, oldest first: 1 to ${entriesMax}`,
    answer: z.object({ entries: z.array(entry) }),
    status: 200,
    run: async (parts, { names }) => {
      const { count = '' } = names
      const wanted = /^\d{1,4}$/.test(count) ? Number(count) : 0
      if (wanted < 1 || wanted > entriesMax) throw adminFault('admin/no-such-page')
      const lines = await logOf(parts).newest(wanted)
      const whole = lines.filter((line) => placeOf(line) !== undefined) // of the others `chain` tells
      return { entries: whole.map((line) => JSON.parse(line)) }
    },
  }),
  route({
    method: 'GET',
    path: '/audit/chain',
    summary:
      'Whether every entry of the audit log follows the one before it; 409 when one does not',
    answer: z.object({
      entries: z.number(),
      first: z.number().describe('sequence of the oldest entry that is kept; 0 without any'),
      last: z.number(),
      head: z.string().describe('hash of the newest entry: note it elsewhere'),
    }),
    status: 200,
    run: (parts) => logOf(parts).verify(),
  }),
]

/** `admin/no-audit-log` */
function logOf({ auditLog }: AdminParts): AuditLog {
  if (auditLog === undefined) throw adminFault('admin/no-audit-log')
  return auditLog
}
