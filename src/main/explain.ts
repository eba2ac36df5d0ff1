/** What went wrong at start, in a sentence that names the remedy, and the exit code that goes with it. One table, total. */
import { Fault, type FaultDetail } from '#fault/fault'
import { exitCodes } from '#main/exit-codes'
import { explainEndpoint } from '#main/explain-endpoint'
import type { MainFaultCode } from '#main/faults'

export interface Explanation {
  readonly text: string
  readonly exitCode: number
  /** The command of ours that helps, as arguments, where one does. */
  readonly remedy?: readonly string[]
}

type Explainer = readonly [
  exitCode: number,
  tell: (detail: FaultDetail) => string,
  remedy?: (detail: FaultDetail) => readonly string[],
]

const ownExplainers: Readonly<Record<MainFaultCode, Explainer>> = {
  'main/mistaken-settings': [
    exitCodes.settings,
    ({ mistakes }) =>
      `The settings cannot be used:\n${String(mistakes).replaceAll(/^/gm, '  - ')}\n` +
      'See --help of this command, and docs/operate/settings.md.',
  ],
  'main/data-unusable': [
    exitCodes.data,
    ({ path, reason }) =>
      `The data directory cannot be used: ${path}: ${reason}. Name another one with --data.`,
  ],
  'main/data-in-use': [exitCodes.inUse, tellHolder],
  'main/no-store': [
    exitCodes.data,
    ({ path }) =>
      `There is no store in ${path}. Name its directory with --data, or make one with mycelium up.`,
  ],
  'main/mixed-stores': [
    exitCodes.data,
    ({ path, nodes }) =>
      `The nodes in ${path} belong to different stores (${nodes}). Take the foreign directories out and start again.`,
  ],
  'main/damage-found': [
    exitCodes.damaged,
    ({ problems }) =>
      `${problems} problems were found. Bring absent nodes back and start the store: it repairs what it can, and says in /health when it is done.`,
  ],
  'main/not-there': [
    exitCodes.absent,
    ({ what, name }) => `There is no ${what} "${name}" in this store.`,
  ],
  'main/admin-unreachable': [
    exitCodes.unreachable,
    ({ endpoint, data }) =>
      `No store answers at ${endpoint}. Is mycelium up running on ${data}? Name another store with --data, or its address with --endpoint.`,
  ],
  'main/admin-denied': [exitCodes.key, ({ text }) => String(text)],
  'main/admin-absent': [exitCodes.absent, ({ text }) => String(text)],
  'main/admin-refused': [exitCodes.refused, ({ text }) => String(text)],
  'main/foreign-import': [
    exitCodes.settings,
    ({ path, name, is }) =>
      `${path} remembers another import (${name}: ${is}). Name another file with --state.`,
  ],
  'main/import-interrupted': [
    exitCodes.partly,
    () => 'Interrupted. Run the same command again: it goes on where it stopped.',
  ],
  'main/import-incomplete': [
    exitCodes.partly,
    ({ problems }) =>
      `${problems} problems: see the report. Run the same command again: what is there already is not copied again.`,
  ],
  'main/too-few-nodes': [
    exitCodes.nodes,
    ({ count, reason }) => `${count} nodes are too few: ${reason}.`,
  ],
  'main/nodes-lost': [
    exitCodes.nodes,
    ({ path }) =>
      `The metadata of a store is there, but none of its nodes: ${path} is empty. Bring the node directories back ` +
      '(is a disk not mounted?), or move the whole data directory away to begin anew.',
  ],
  'main/too-many-absent': [
    exitCodes.nodes,
    ({ absent, tolerated }) =>
      `Nodes are absent or cannot be read (${absent}), and the newest changes may be on them only: at most ${tolerated} may ` +
      'be missing. Bring them back, or rebuild with --accept-loss and lose what only they knew.',
  ],
  'main/witnesses-missing': [
    exitCodes.nodes,
    ({ nodes }) =>
      `Nodes are absent (${nodes}), so many that they alone may know the newest changes: nothing is removed before they have been asked. ` +
      'Bring them back; or, when they are gone for good, start with mycelium up --replace-lost.',
  ],
  'main/master-key-missing': [
    exitCodes.key,
    ({ wanted, path }) =>
      wanted === 'passphrase'
        ? 'The master key of this store comes from a passphrase: set MYCELIUM_PASSPHRASE.'
        : `The master key is missing: ${path} is gone, but the nodes hold data sealed under it. Put the file back, or ` +
          'give the key with MYCELIUM_MASTER_KEY or MYCELIUM_MASTER_KEY_FILE. Without it nothing can be read.',
  ],
  'main/master-key-wrong': [exitCodes.key, tellWrongKey],
  'main/certificate-unusable': [
    exitCodes.settings,
    ({ path, reason }) =>
      `${path} cannot be used: ${reason}. Name a certificate and its key with --tls-cert and --tls-key.`,
  ],
  'main/rights-unusable': [
    exitCodes.settings,
    ({ path, reason }) =>
      `${path} cannot be used: ${reason}. What may stand there: docs/operate/hero-redis.md.`,
  ],
  'main/key-file-unusable': [
    exitCodes.key,
    ({ path, reason }) =>
      `${path} cannot be used: ${reason}. Put the right key there: see docs/operate/keys.md.`,
  ],
  'main/file-unusable': [
    exitCodes.settings,
    ({ path, reason, flag }) => `${path} cannot be used: ${reason}. See ${flag}.`,
  ],
  'main/port-in-use': [
    exitCodes.port,
    ({ host, port, flag }) =>
      `Port ${port} on ${host} is in use by another program. Name another one with ${flag}, or none to take a free one.`,
  ],
  'main/port-refused': [
    exitCodes.port,
    ({ host, port, flag }) =>
      `This user may not listen on port ${port} of ${host}, or ${host} is no address of this machine. ` +
      `See ${flag} and --host.`,
  ],
  'main/database-untrusted': [
    exitCodes.rebuild,
    ({ reason, data }) =>
      `The metadata database cannot be trusted: ${reason}. Nothing is lost: mycelium rebuild --data ${data} ` +
      'makes a new one from the nodes.',
    ({ data }) => ['rebuild', '--data', String(data)],
  ],
  'main/database-in-use': [
    exitCodes.inUse,
    ({ server, holder }) =>
      `The database at ${server} is in use by ${holder}. Stop it first; one process at a time may write into it.`,
  ],
  'main/database-away': [
    exitCodes.database,
    ({ server, reason }) =>
      `The database at ${server} cannot be used: ${reason}. See DATABASE_URL and docs/operate/postgresql.md.`,
  ],
  'main/database-filled': [
    exitCodes.data,
    ({ database }) =>
      `${database} is not empty. Metadata is only moved to where there is none: name another one, or put away what is there.`,
  ],
}

/** Faults of other rooms that end a program. What is not here is unexpected, and told in full. */
const otherExplainers: Readonly<Record<string, Explainer>> = {
  'keyring/wrong-master-key': [exitCodes.key, tellWrongKey],
  'keyring/damaged': [
    exitCodes.key,
    () => 'Every copy of the keyring is damaged. Restore keys/keyring or a node from a backup.',
  ],
  'keyring/mixed-stores': [
    exitCodes.data,
    () => 'The nodes hold keyrings of different stores. Take the foreign directories out.',
  ],
  'identity/malformed-credentials-file': [
    exitCodes.key,
    () =>
      'The file aws-credentials has half a pair of keys. Complete it, or delete it to get a new pair.',
  ],
  'shard/foreign-node': [
    exitCodes.data,
    ({ node, reason }) =>
      `The directory of ${node} belongs to another store or node${reason === undefined ? '' : ` (${reason})`}. ` +
      'Take it out, and start again.',
  ],
  'changelog/unavailable': [
    exitCodes.nodes,
    () => 'Too few nodes are up to record anything. Bring nodes back, and start again.',
  ],
  'changelog/unsupported-version': [exitCodes.data, tellNewer],
  'changelog/unknown-change': [exitCodes.data, tellNewer],
  'changelog/database-missing': [
    exitCodes.data,
    () => 'There is no store in the database to copy from.',
  ],
  'changelog/copy-differs': [
    exitCodes.damaged,
    ({ table }) =>
      `The copy of the table ${table} is not what was copied. Nothing has changed; the former database is in force.`,
  ],
  'changelog/uncertain': [
    exitCodes.incomplete,
    ({ reason }) =>
      `A database made now might lack the newest changes: ${reason}. Bring the absent nodes back, or rebuild with ` +
      '--accept-loss and lose what only they knew.',
  ],
  'changelog/gap': [exitCodes.incomplete, tellGap],
  'changelog/snapshot-damaged': [
    exitCodes.incomplete,
    () =>
      'The metadata snapshot cannot be read whole. Bring more of the nodes back. The old database, if there was one, ' +
      'stays as it was.',
  ],
  'changelog/forked': [
    exitCodes.incomplete,
    () =>
      'The nodes tell two different stories of the same time, as when a copy of the store was used beside it. ' +
      'Take the nodes of one of them out, and rebuild again.',
  ],
  'redis/disk': [
    exitCodes.data,
    ({ reason }) => `The directory of the Hero Redis port cannot be used: ${reason}.`,
  ],
  'redis/disk-full': [
    exitCodes.data,
    () => 'The directory of the Hero Redis port cannot be used: the disk is full.',
  ],
  'sql/lease-lost': [
    exitCodes.inUse,
    () =>
      'Another process has taken the database over, after this one had not renewed its lease. Nothing was written since; start again once it has ended.',
  ],
  'sql/malformed-address': [
    exitCodes.settings,
    ({ reason }) => `The address of the database cannot be used: ${reason}.`,
  ],
  'cluster/too-many-nodes': [exitCodes.settings, () => 'There can be no more nodes in a store.'],
}

export function explain(error: unknown): Explanation {
  const explainer = error instanceof Fault ? find(error.code) : undefined
  if (error instanceof Fault && explainer !== undefined) {
    const [exitCode, tell, remedy] = explainer
    const text = tell(error.detail)
    return { text, exitCode, ...(remedy === undefined ? {} : { remedy: remedy(error.detail) }) }
  }
  const foreign = error instanceof Fault ? explainEndpoint(error) : undefined
  if (foreign !== undefined) return foreign
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { text: `Something unexpected went wrong.\n${text}`, exitCode: exitCodes.unexpected }
}

function find(code: string): Explainer | undefined {
  return isOwn(code) ? ownExplainers[code] : otherExplainers[code]
}

function isOwn(code: string): code is MainFaultCode {
  return Object.hasOwn(ownExplainers, code)
}

function tellNewer(): string {
  return 'A later version of Mycelium has written to this store. Use that version; nothing has been changed.'
}

function tellGap({ from, to, reason }: FaultDetail): string {
  return (
    `Changes ${from} to ${to} are missing: ${reason}. Bring the absent nodes back. The old database, if there was one, ` +
    'stays as it was.'
  )
}

function tellHolder({ program, pid, since }: FaultDetail): string {
  const holder =
    pid === undefined ? 'another process' : `${program} (process ${pid}, since ${since})`
  return `The data directory is in use by ${holder}. Stop it first; one process at a time may use it.`
}

function tellWrongKey({ origin }: FaultDetail): string {
  const source = origin === undefined ? '' : ` from ${origin}`
  return `The master key${source} is not the one this store was sealed under. Give the right one; nothing has been changed.`
}
