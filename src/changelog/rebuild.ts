/**
 * A new database from what the nodes hold: the newest snapshot that can be read, then every change after it
 * that any node has, in order. Live writes have gone through the same `apply`, so the result is what was
 * lost: for every key the same versions, order, deletes and settings.
 *
 * Nothing is guessed. A missing sequence number, two different changes of one number, or too many absent
 * nodes, and the rebuild is refused.
 */
import type { ChangeRoom } from '#changelog/change'
import { createUnion, dropLostLines, dropUnion, pagesOfUnion } from '#changelog/change-union'
import { type Era, isOfLostLine } from '#changelog/era'
import { type Evidence, gatherEvidence, type Pointer } from '#changelog/evidence'
import { changelogFault } from '#changelog/faults'
import type { Run } from '#changelog/frame'
import type { LogNode } from '#changelog/nodes'
import { type ChangeRecord, changeOf, decodeRecordStream, runOf } from '#changelog/record'
import { applyChange, type ChangeRooms, migrate, roomsByName } from '#changelog/rooms'
import { openPointer, type PointerContent } from '#changelog/snapshot-pointer'
import { snapshotRoom } from '#changelog/snapshot-room'
import { addToOutbox, createState } from '#changelog/state'
import { hashSnapshot, type SnapshotBlobs } from '#changelog/take-snapshot'
import { isFault } from '#fault/fault'
import type { Keyring } from '#keyring/keyring'
import type { Queryable, Sql } from '#sql/sql'
import type { Telemetry } from '#telemetry/telemetry'

export interface RebuildOptions {
  /** An empty database beside the old one; the caller puts it in its place afterwards, whole. */
  readonly sql: Sql
  /** All that are present. */
  readonly nodes: readonly LogNode[]
  readonly nodesAbsent: number
  /** How many nodes may be lost without the loss of a change: replicas − 1. */
  readonly lossTolerated: number
  /**
   * Rebuild even if the newest changes may lie on absent nodes only. They are then lost, and their sequence
   * numbers given out anew.
   */
  readonly acceptLoss?: boolean
  readonly keyring: Keyring
  /** As for `takeSnapshot`. */
  readonly rooms: readonly ChangeRoom[]
  readonly blobs: SnapshotBlobs
  readonly telemetry: Telemetry
  readonly onProgress: (progress: RebuildProgress) => void
}

export interface RebuildProgress {
  readonly step: 'reading-logs' | 'applying-snapshot' | 'applying-changes'
  /** Nodes, or changes, so far. */
  readonly done: number
}

export interface RebuildReport {
  /** 0n without a snapshot. */
  readonly snapshotSequence: bigint
  readonly lastSequence: bigint
  readonly changes: number
  /** Ids of nodes that failed while they were read: they were as good as absent. */
  readonly nodesUnreadable: readonly string[]
}

/**
 * `changelog/database-not-empty`, `changelog/uncertain`, `changelog/gap`, `changelog/forked`,
 * `changelog/unsupported-version`, `changelog/unknown-change`; faults of `sql` and `keyring`. After a fault
 * the database is of no use. After success, `openChangeLog` first brings every change after the snapshot to
 * `replicas` nodes, under a new era.
 */
export async function rebuild(options: RebuildOptions): Promise<RebuildReport> {
  const { sql, nodesAbsent, onProgress } = options
  assertCertain(nodesAbsent, options)
  const rooms = roomsByName([snapshotRoom, ...options.rooms])
  await sql.transaction((tx) => prepare(tx, rooms))
  const onNodeRead = (done: number): void => onProgress({ step: 'reading-logs', done })
  const evidence = await gatherEvidence({ ...options, onNodeRead })
  const { nodesUnreadable } = evidence
  assertCertain(nodesAbsent + nodesUnreadable.length, options)
  await sql.transaction((tx) => dropLostLines(tx, evidence.eras.values()))
  const snapshot = await chooseSnapshot(evidence, options)
  let changes = snapshot === undefined ? 0 : await applySnapshot(snapshot.content, rooms, options)
  const snapshotSequence = snapshot?.upTo ?? 0n
  let lastSequence = snapshotSequence
  for await (const page of pagesOfUnion(sql, snapshotSequence)) {
    await sql.transaction((tx) => applyAll(page, rooms, tx))
    lastSequence = page.at(-1)?.sequence ?? lastSequence
    changes += page.length
    onProgress({ step: 'applying-changes', done: changes })
  }
  await sql.transaction((tx) =>
    finish(tx, { snapshotSequence, lastSequence, eras: evidence.eras }, options),
  )
  return { snapshotSequence, lastSequence, changes, nodesUnreadable }
}

function assertCertain(
  nodesAbsent: number,
  { lossTolerated, acceptLoss = false }: RebuildOptions,
): void {
  if (nodesAbsent <= lossTolerated || acceptLoss) return
  throw changelogFault('changelog/uncertain', {
    reason: 'the newest changes may lie on absent nodes only',
    nodesAbsent,
    lossTolerated,
  })
}

async function prepare(tx: Queryable, rooms: ChangeRooms): Promise<void> {
  const found = await tx.query`select name from sqlite_schema limit 1`
  if (found.length > 0) throw changelogFault('changelog/database-not-empty')
  await migrate(tx, rooms)
  await createUnion(tx)
}

/** The newest one that is not of a lost line and reads back whole. */
async function chooseSnapshot(
  { pointers, eras }: Evidence,
  options: RebuildOptions,
): Promise<{ readonly upTo: bigint; readonly content: PointerContent } | undefined> {
  const candidates = pointers
    .filter(({ header: { upTo, era } }) => !isOfLostLine(upTo, era.number, eras.values()))
    .sort((one, other) => (one.header.upTo < other.header.upTo ? 1 : -1))
  const seen = new Set<string>()
  for (const pointer of candidates) {
    const content = openPointer(pointer.header, pointer.bytes, options.keyring)
    if (content !== undefined && seen.has(content.blake3)) continue
    if (content !== undefined && (await isReadable(content, pointer, options)))
      return { upTo: pointer.header.upTo, content }
    if (content !== undefined) seen.add(content.blake3)
    const { node } = pointer
    options.telemetry.damageFound({ node, what: 'snapshot', reason: 'does not read back' })
  }
  return undefined
}

async function isReadable(
  content: PointerContent,
  { node }: Pointer,
  { blobs, telemetry }: RebuildOptions,
): Promise<boolean> {
  try {
    return (await hashSnapshot(content, blobs)) === content.blake3
  } catch (error) {
    if (!isFault(error)) throw error
    telemetry.note('warn', 'A snapshot could not be read', { node, error })
    return false
  }
}

/** Changes applied per transaction. */
const batchChanges = 500

async function applySnapshot(
  content: PointerContent,
  rooms: ChangeRooms,
  { sql, blobs, onProgress }: RebuildOptions,
): Promise<number> {
  let done = 0
  let batch: ChangeRecord[] = []
  const apply = async (): Promise<void> => {
    await sql.transaction((tx) => applyAll(batch, rooms, tx))
    done += batch.length
    batch = []
    onProgress({ step: 'applying-snapshot', done })
  }
  for await (const record of decodeRecordStream(blobs.read(content.descriptor))) {
    batch.push(record)
    if (batch.length >= batchChanges) await apply()
  }
  await apply()
  if (done !== content.changes) throw changelogFault('changelog/snapshot-damaged')
  return done
}

async function applyAll(
  records: readonly ChangeRecord[],
  rooms: ChangeRooms,
  tx: Queryable,
): Promise<void> {
  for (const record of records) await applyChange(rooms, tx, changeOf(record))
}

/**
 * All changes after the snapshot go into the outbox, whichever nodes hold them: those that held them may be
 * the ones that are lost.
 */
async function finish(
  tx: Queryable,
  outcome: {
    readonly snapshotSequence: bigint
    readonly lastSequence: bigint
    readonly eras: ReadonlyMap<number, Era>
  },
  { keyring: { storeId } }: RebuildOptions,
): Promise<void> {
  const { snapshotSequence, lastSequence, eras } = outcome
  const era = { number: Math.max(1, ...eras.keys()) + 1, first: lastSequence + 1n }
  await createState(tx, { storeId, era, committed: lastSequence, logged: snapshotSequence })
  for await (const run of runsOf(pagesOfUnion(tx, snapshotSequence))) await addToOutbox(tx, run)
  await dropUnion(tx)
}

/** What a run of the outbox weighs. */
const runBytes = 256 * 1024

async function* runsOf(
  pages: AsyncIterable<readonly ChangeRecord[]>,
): AsyncGenerator<Run, void, undefined> {
  let records: ChangeRecord[] = []
  let bytes = 0
  for await (const page of pages)
    for (const record of page) {
      records.push(record)
      bytes += record.json.length
      if (bytes < runBytes) continue
      yield runOf(records)
      records = []
      bytes = 0
    }
  if (records.length > 0) yield runOf(records)
}
