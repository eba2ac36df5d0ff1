import { z } from 'zod'
import { accountRoute, wholeNumber } from '#api/accounts/route'
import { placeOf } from '#audit/entry'
import { assertAdmin, requireUser } from '#identity/actor'
import { personFault } from '#identity/faults'

const entriesMax = 1_000
const entriesDefault = 100

/** As the lines of the files have it: docs/formats/audit.md */
const entry = z.looseObject({
  sequence: z.number(),
  at: z.iso.datetime(),
  operation: z.string(),
  status: z.number(),
  previous: z.string(),
})
const asked = z.object({ limit: wholeNumber(1, entriesMax).optional() })

export const getAudit = accountRoute<undefined, z.infer<typeof asked>>({
  method: 'GET',
  path: '/admin/audit',
  operation: 'GetAudit',
  summary: 'The newest entries of the audit log, oldest first',
  budget: 'metadata',
  query: asked,
  answer: z.object({ entries: z.array(entry) }),
  status: 200,
  answers: { 403: 'You are no administrator', 404: 'No audit log is kept here' },
  async run({ auditLog }, { actor, query: { limit = entriesDefault } }) {
    assertAdmin(requireUser(actor))
    if (auditLog === undefined) throw personFault('identity/no-audit-log')
    const lines = await auditLog.newest(limit)
    const whole = lines.filter((line) => placeOf(line) !== undefined)
    return { entries: whole.map((line): unknown => JSON.parse(line)) }
  },
})
