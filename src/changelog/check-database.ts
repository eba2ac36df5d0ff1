/**
 * Is this the database that the nodes belong to, and does it know all they know? Asked before anything is
 * served: from a database that is lost, old or another store's, garbage collection would conclude that the
 * nodes' shards are nobody's. Faults 4, 10 and 12 of the fault list.
 */
import { isOfLostLine, readEra } from '#changelog/era'
import { changelogFault } from '#changelog/faults'
import { parseFrameHeader } from '#changelog/frame'
import { isNodeFault, type LogNode } from '#changelog/nodes'
import { parsePointerHeader, pointerName, previousPointerName } from '#changelog/snapshot-pointer'
import { type ChangeState, readState } from '#changelog/state'
import type { Sql } from '#sql/sql'

export interface DatabaseCheck {
  readonly sql: Sql
  /** The nodes' and the keyring's. */
  readonly storeId: Uint8Array
  /** All that are present. */
  readonly nodes: readonly LogNode[]
  /** True when a node holds a shard: without a database, that alone proves one lost. */
  readonly holdShards: boolean
  /** All that the node knows has been looked at. */
  readonly onNodeAsked?: (id: string) => void
  /** A node could not be read: it counts as absent. */
  readonly onNodeFailure: (id: string, error: unknown) => void
}

const advice = 'mycelium rebuild'

/**
 * `new`: neither the database nor any node knows of a change. `current`: the database knows all that these
 * nodes know. `changelog/database-missing`, `changelog/database-older`, `changelog/database-foreign`, each
 * naming `mycelium rebuild`.
 */
export async function checkDatabase(check: DatabaseCheck): Promise<'new' | 'current'> {
  const state = await readState(check.sql)
  if (state !== undefined && Buffer.compare(state.storeId, check.storeId) !== 0)
    throw changelogFault('changelog/database-foreign', {
      reason: 'it is of another store than the nodes',
      advice,
    })
  const newest = await newestEvidence(check, state)
  if (state === undefined) {
    if (newest === undefined && !check.holdShards) return 'new'
    throw changelogFault('changelog/database-missing', {
      reason: 'it is missing or empty, but nodes hold data of this store',
      sequence: newest && String(newest.sequence),
      advice,
    })
  }
  if (newest !== undefined) throw older(state, newest)
  return 'current'
}

/** For a node that comes back to a store that is up: `changelog/database-older` when it knows what the database does not. Faults of the node and of `sql`. */
export async function checkReturned(
  node: LogNode,
  { sql, storeId }: Pick<DatabaseCheck, 'sql' | 'storeId'>,
): Promise<void> {
  const state = await readState(sql) // first: what the node gets meanwhile is no news
  for await (const sequence of unknownSequences(node, { storeId, state }))
    throw older(state, { node: node.id, sequence })
}

function older(state: ChangeState | undefined, { node, sequence }: Evidence): Error {
  return changelogFault('changelog/database-older', {
    reason: 'it is older than what nodes know',
    database: String(state?.committed ?? 0n),
    node,
    sequence: String(sequence),
    advice,
  })
}

interface Evidence {
  readonly node: string
  readonly sequence: bigint
}

/** The highest sequence number on a node that this database does not know, or knows as another change. */
async function newestEvidence(
  { storeId, nodes, onNodeAsked, onNodeFailure }: DatabaseCheck,
  state: ChangeState | undefined,
): Promise<Evidence | undefined> {
  let newest: Evidence | undefined
  for (const node of nodes)
    try {
      for await (const sequence of unknownSequences(node, { storeId, state }))
        if (newest === undefined || sequence > newest.sequence) newest = { node: node.id, sequence }
      onNodeAsked?.(node.id)
    } catch (error) {
      if (!isNodeFault(error)) throw error
      onNodeFailure(node.id, error)
    }
  return newest
}

async function* unknownSequences(
  { log, files }: LogNode,
  { storeId, state }: { readonly storeId: Uint8Array; readonly state: ChangeState | undefined },
): AsyncGenerator<bigint, void, undefined> {
  const committed = state?.committed ?? 0n
  const own = state?.era ?? { number: 0, first: 0n }
  const isUnknown = (sequence: bigint, era: number): boolean =>
    era > own.number || (sequence > committed && !isOfLostLine(sequence, era, [own]))
  const isOurs = (header: { readonly storeId: Uint8Array }): boolean =>
    Buffer.compare(header.storeId, storeId) === 0

  const era = await readEra(files, storeId)
  if (era !== undefined && era.number > own.number) yield era.first - 1n
  for (const name of [pointerName, previousPointerName]) {
    const pointer = await files.read(name)
    const header = pointer && parsePointerHeader(pointer)
    if (header && isOurs(header) && isUnknown(header.upTo, header.era.number)) yield header.upTo
  }
  if ((await log.lastSequence()) <= committed) return
  for await (const { frame } of log.read({ after: committed })) {
    const header = parseFrameHeader(frame)
    if (header && isOurs(header) && isUnknown(header.last, header.era.number)) yield header.last
  }
}
