/** `mycelium admin audit`: who did what, and whether the log of it is whole. */
import { type AdminCommand, shared } from '#main/admin-command'
import { columns } from '#main/columns'
import { parsedBy } from '#main/settings'

export const auditCommands: readonly AdminCommand[] = [
  {
    group: 'audit',
    name: 'show',
    summary: 'show the newest entries of the audit log',
    settings: {
      last: {
        flag: '--last <count>',
        help: 'how many, up to 1000 (default: 20)',
        schema: parsedBy((given) => {
          const count = /^\d{1,4}$/.test(given) ? Number(given) : 0
          return count >= 1 && count <= 1_000 ? count : undefined
        }, 'a whole number from 1 to 1000').default(20),
      },
      ...shared,
    },
    ask: ({ last }) => ({ method: 'GET', path: `/audit/newest/${last}` }),
    show: ({ entries }) =>
      columns(['TIME', 'WHO', 'FROM', 'STATUS', 'OPERATION', 'WHAT'], entries, (one) => [
        one['at'],
        one['accessKeyId'] ?? 'nobody known',
        one['peer'],
        one['status'],
        one['operation'],
        [one['bucket'], one['object'], one['subject']]
          .filter((name) => name !== undefined)
          .map((name) => String(name).replaceAll(/[^ -~]/g, '?'))
          .join(' '),
      ]),
  },
  {
    group: 'audit',
    name: 'verify',
    summary: 'look whether every entry of the audit log follows the one before it',
    settings: shared,
    ask: () => ({ method: 'GET', path: '/audit/chain' }),
    show: ({ entries, first, last, head }) =>
      `${entries} entries, ${first} to ${last}, each follows the one before it.\nhead  ${head}\n`,
  },
]
