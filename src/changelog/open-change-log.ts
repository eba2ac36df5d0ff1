/** The change log of a running store: `commit` decides in SQL, and answers when enough nodes hold what was decided. */
import type { ChangeLog, ChangeRoom } from '#changelog/change'
import { CommitQueue } from '#changelog/commit-queue'
import { announceEra } from '#changelog/era'
import { changelogFault } from '#changelog/faults'
import { FrameSealer } from '#changelog/frame'
import { LogWriter } from '#changelog/log-writer'
import type { ChangeLogNode } from '#changelog/nodes'
import { appendTimeoutMsDefault, FramePlacer } from '#changelog/placement'
import { type ChangeRooms, migrate, roomsByName } from '#changelog/rooms'
import { readSharedKeyring } from '#changelog/shared-state'
import { snapshotRoom } from '#changelog/snapshot-room'
import { type ChangeState, createState, readState, recordLogged } from '#changelog/state'
import type { Witnesses } from '#changelog/witnesses'
import { isFault } from '#fault/fault'
import type { Keyring } from '#keyring/keyring'
import type { Sql, Transaction } from '#sql/sql'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface ChangeLogOptions {
  readonly sql: Sql
  /** Asked for every frame; in order of preference. */
  readonly nodes: () => readonly ChangeLogNode[]
  /** On how many distinct nodes each change is before it is acknowledged: parity + 1. */
  readonly replicas: () => number
  readonly rooms: readonly ChangeRoom[]
  readonly keyring: Keyring
  readonly world: World
  readonly telemetry: Telemetry
  /** A node failed an append or let it take too long; another one was asked instead. */
  readonly onNodeFailure: (id: string, error: unknown) => void
  readonly appendTimeoutMs?: number
  /** Without: all nodes have been asked. */
  readonly witnesses?: Witnesses
}

/**
 * Creates the tables in an empty database, migrates those of an older version, and first brings to the nodes
 * what a former process has left in the outbox. When nodes are too few for that it returns all the same, goes
 * on trying, and answers `changelog/unavailable` until it is done. Whether the database is the right one,
 * `checkDatabase` has said before. `changelog/database-foreign`, faults of `sql`.
 */
export async function openChangeLog(options: ChangeLogOptions): Promise<ChangeLog> {
  const { sql, keyring, world, telemetry, appendTimeoutMs = appendTimeoutMsDefault } = options
  const { storeId } = keyring
  const rooms = roomsByName([snapshotRoom, ...options.rooms])
  const { era, committed, logged } = await sql.transaction((tx) =>
    openState(tx, { storeId, rooms }),
  )
  const writer = new LogWriter({
    sql,
    placer: new FramePlacer({
      ...options,
      appendTimeoutMs,
      point: 'changelog/frame-appended',
      admit: ({ files }) => announceEra(era, files, storeId),
    }),
    sealer: new FrameSealer({ keyring, world, era }),
    committed,
    logged,
    world,
    telemetry,
  })
  await writer.open()
  const queue = new CommitQueue({ sql, writer, rooms, committed, world })
  return {
    commit: (work) => queue.commit(work),
    reached: (sequence) => writer.reached(sequence),
    committed: () => queue.committed,
    witnessesMissing: () => options.witnesses?.missing() ?? [],
    async close() {
      await queue.close()
      await emptyOutbox(sql, writer.logged)
      writer.close()
    },
  }
}

async function openState(
  tx: Transaction,
  { storeId, rooms }: { readonly storeId: Uint8Array; readonly rooms: ChangeRooms },
): Promise<ChangeState> {
  if ((await readSharedKeyring(tx)) !== undefined)
    throw changelogFault('changelog/database-foreign', { reason: 'servers without nodes use it' })
  const found = await readState(tx)
  if (found !== undefined && Buffer.compare(found.storeId, storeId) !== 0)
    throw changelogFault('changelog/database-foreign')
  const state = found ?? { storeId, era: { number: 1, first: 1n }, committed: 0n, logged: 0n }
  if (found === undefined) await createState(tx, state)
  await migrate(tx, rooms)
  return state
}

/** Spares the next start a replay; no harm when it does not succeed. */
async function emptyOutbox(sql: Sql, logged: bigint): Promise<void> {
  try {
    await sql.transaction((tx) => recordLogged(tx, logged))
  } catch (error) {
    if (!isFault(error)) throw error
  }
}
