/** `mycelium admin node`: how the nodes are, and what they can promise. */
import { plural } from '#cli/units'
import { type AdminCommand, shared, type Values } from '#main/admin-command'
import { columns } from '#main/columns'
import { printBytes } from '#main/units'

export const nodeCommands: readonly AdminCommand[] = [
  {
    group: 'node',
    name: 'list',
    summary: 'list all nodes, and say what losses the store survives',
    settings: shared,
    ask: () => ({ method: 'GET', path: '/nodes' }),
    show: (answer) =>
      `${columns(['NODE', 'STATE', 'SHARDS', 'USED', 'FREE', 'DISK'], answer['nodes'], (one) => [
        one['id'],
        one['state'],
        one['shards'],
        ...[one['usedBytes'], one['freeBytes'], one['totalBytes']].map((bytes) =>
          printBytes(Number(bytes)),
        ),
      ])}\n${tellState(answer)}`,
  },
]

function tellState({ isWritable, toleratedNodeLosses, repairQueue, warnings }: Values): string {
  const losses =
    toleratedNodeLosses === 0
      ? 'may not survive the loss of a node'
      : `survives the loss of any ${plural(Number(toleratedNodeLosses), 'node')}`
  const promise =
    isWritable === true ? `What is written now ${losses}.` : 'Nothing can be written now.'
  const repair =
    repairQueue === 0
      ? 'Nothing waits for repair.'
      : `${plural(Number(repairQueue), 'chunk')} to look at and repair.`
  const lines = [promise, repair, ...(Array.isArray(warnings) ? warnings : [])]
  return lines.map((line) => `${line}\n`).join('')
}
