/**
 * A snapshot: all rooms' tables as the changes that rebuild them, so that the log before it can be cut. The
 * order keeps the store rebuildable at every moment: bytes written and read back, the database knows, enough
 * nodes point to it, and only then the log is cut and the former one retired.
 *
 * It is also how the log is mended after the loss of a node: frames lie on few nodes, a snapshot on all.
 */
import assert from 'node:assert/strict'
import { toHex } from '#bytes/text'
import type { ChangeLog, ChangeRoom, SequencedChange } from '#changelog/change'
import { changelogFault } from '#changelog/faults'
import { type NodeAudience, onEachNode } from '#changelog/nodes'
import { recordOf } from '#changelog/record'
import {
  type PointerContent,
  pointerName,
  previousPointerName,
  printPointer,
} from '#changelog/snapshot-pointer'
import { snapshotRoom } from '#changelog/snapshot-room'
import { readState } from '#changelog/state'
import { Blake3 } from '#crypto/blake3'
import type { Keyring } from '#keyring/keyring'
import type { Queryable, Sql } from '#sql/sql'

/** Where snapshots lie; the chunk store provides it. */
export interface SnapshotBlobs {
  /** Durable on return. The descriptor is plain JSON, and all that `read` needs, with the keyring and no database. */
  write(bytes: AsyncIterable<Uint8Array>): Promise<unknown>
  read(descriptor: unknown): AsyncIterable<Uint8Array>
}

export interface SnapshotOptions extends NodeAudience {
  readonly sql: Sql
  readonly changeLog: ChangeLog
  /** As for `openChangeLog`, in an order in which their changes can be applied to empty tables. */
  readonly rooms: readonly ChangeRoom[]
  /** On how many nodes a pointer to the snapshot must be before the log is cut. */
  readonly replicas: () => number
  readonly keyring: Keyring
  readonly blobs: SnapshotBlobs
}

export interface SnapshotReport {
  /** The snapshot holds all changes up to here. */
  readonly upTo: bigint
  readonly changes: number
  readonly bytes: number
}

/** Pieces of about this size go to the blobs. */
const pieceBytes = 64 * 1024

/**
 * Takes a snapshot while commits go on; one at a time. `changelog/unavailable` when too few nodes can point
 * to it, `changelog/snapshot-damaged` when it does not read back: nothing is cut then, and the next one
 * retires it.
 */
export async function takeSnapshot(options: SnapshotOptions): Promise<SnapshotReport> {
  const { sql, changeLog, blobs, world } = options
  const rooms = [snapshotRoom, ...options.rooms]
  const { upTo, era, content } = await sql.view(async (view) => {
    const state = await readState(view)
    if (state === undefined) throw changelogFault('changelog/database-missing')
    const stream = new MeasuredStream(dump(view, rooms))
    const descriptor = await blobs.write(stream)
    return { upTo: state.committed, era: state.era, content: { descriptor, ...stream.measure() } }
  })
  if ((await hashSnapshot(content, blobs)) !== content.blake3)
    throw changelogFault('changelog/snapshot-damaged')
  world.passing('changelog/snapshot-written')
  await changeLog.reached(upTo)
  const { descriptor, changes, bytes } = content
  await changeLog.commit((tx) =>
    tx.record({ kind: 'changelog/snapshot-taken', upTo: String(upTo), descriptor }),
  )
  world.passing('changelog/snapshot-recorded')
  await publish(printPointer({ upTo, era, content }, options), options)
  world.passing('changelog/snapshot-published')
  await changeLog.commit((tx) =>
    tx.record({ kind: 'changelog/snapshots-retired', before: String(upTo) }),
  )
  world.passing('changelog/snapshot-retired')
  await cut(upTo, options)
  return { upTo, changes, bytes }
}

async function* dump(
  view: Queryable,
  rooms: readonly ChangeRoom[],
): AsyncGenerator<SequencedChange, void, undefined> {
  for (const room of rooms) yield* room.dump(view)
}

/** Changes as pieces of records, counted and hashed as they are pulled. */
class MeasuredStream implements AsyncIterable<Uint8Array> {
  readonly #changes: AsyncIterable<SequencedChange>
  readonly #hash = new Blake3()
  #count = 0
  #bytes = 0
  #isWhole = false

  constructor(changes: AsyncIterable<SequencedChange>) {
    this.#changes = changes
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    let records: Buffer[] = []
    let heldBytes = 0
    for await (const change of this.#changes) {
      const record = recordOf(change)
      records.push(record)
      heldBytes += record.length
      this.#count += 1
      if (heldBytes < pieceBytes) continue
      yield this.#piece(records)
      records = []
      heldBytes = 0
    }
    if (heldBytes > 0) yield this.#piece(records)
    this.#isWhole = true
  }

  measure(): { blake3: string; bytes: number; changes: number } {
    assert(this.#isWhole, 'the blobs have not taken the whole snapshot')
    return { blake3: toHex(this.#hash.digest()), bytes: this.#bytes, changes: this.#count }
  }

  #piece(records: readonly Buffer[]): Uint8Array {
    const piece = Buffer.concat(records)
    this.#hash.update(piece)
    this.#bytes += piece.length
    return piece
  }
}

/** Lowercase hex BLAKE3 of a snapshot as it reads back. Faults of the blobs. */
export async function hashSnapshot(
  { descriptor }: PointerContent,
  blobs: SnapshotBlobs,
): Promise<string> {
  const hash = new Blake3()
  for await (const piece of blobs.read(descriptor)) hash.update(piece)
  return toHex(hash.digest())
}

async function publish(pointer: Uint8Array, options: SnapshotOptions): Promise<void> {
  const told = await onEachNode(options, async ({ files }) => {
    const former = await files.read(pointerName)
    if (former !== undefined) await files.write(previousPointerName, former)
    await files.write(pointerName, pointer)
    options.world.passing('changelog/snapshot-pointed')
  })
  const replicas = options.replicas()
  if (told < replicas) throw changelogFault('changelog/unavailable', { told, replicas })
}

async function cut(upTo: bigint, options: SnapshotOptions): Promise<void> {
  await onEachNode(options, async ({ log, files }) => {
    await log.cut(upTo)
    options.world.passing('changelog/log-cut')
    await files.remove(previousPointerName)
  })
}
