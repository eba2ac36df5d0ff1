/**
 * When a read is worth a second one elsewhere (Dean and Barroso, "The tail at scale", 2013), and when not: where all nodes are as slow, others
 * only have more to do.
 */
import type { NodeNumber } from '#cluster/node'
import { holderOf } from '#store/_read-shard'
import type { ChunkRecord } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { endsWithin } from '#world/patience'

/** What cannot be read within this is unreadable for now: a node that never answers must not hold a reader for ever. */
export const readDeadlineMs = 30_000

/** The node of a column that is not worth asking for: it owes answers, and others can give them in place of it. */
export function avoidedNode(
  store: ChunkStore,
  chunk: ChunkRecord,
  column: number,
): NodeNumber | undefined {
  const node = chunk.shards[column]?.node
  if (node === undefined || !store.stalled.has(node)) return undefined
  return canDoWithout(store, chunk, new Set([column])) ? node : undefined
}

/** Nobody waits for this read any more. */
export function overdue(
  store: ChunkStore,
  { shards }: ChunkRecord,
  column: number,
  read: Promise<unknown>,
): void {
  const node = shards[column]?.node
  if (node !== undefined) store.stalled.add(node, read)
}

/** Whether a chunk can be read without these columns, from nodes none of which owes answers. */
function canDoWithout(
  store: ChunkStore,
  chunk: ChunkRecord,
  columns: ReadonlySet<number>,
): boolean {
  const others = chunk.shards.filter(
    ({ node }, column) =>
      !columns.has(column) &&
      node !== undefined &&
      !store.stalled.has(node) &&
      holderOf(store, chunk, column) !== undefined,
  )
  return others.length >= chunk.shape.profile.data
}

/** What a reader waits for. */
export interface Awaited {
  readonly chunk: ChunkRecord
  /** What it takes from the nodes. */
  readonly work: Promise<unknown>
  /** Columns that have not come, or in vain: changed by the work. */
  readonly without: ReadonlySet<number>
  /** Who takes longer is slow, if others could answer in place of them. */
  readonly patienceMs: number
  /** 0 to `readDeadlineMs`. Nobody is waited for any longer. */
  readonly limitMs: number
}

/**
 * Whether the work ends in time. Patience is doubled as long as the chunk cannot be read without those that are awaited: it is not they that are
 * slow then, but everything. Rejects as the work does.
 */
export async function endsInTime(
  store: ChunkStore,
  { chunk, work, without, patienceMs, limitMs }: Awaited,
): Promise<boolean> {
  const { world } = store.parts
  const beganAt = world.monotonic()
  for (let untilMs = patienceMs; ; untilMs *= 2) {
    const dueMs = Math.min(untilMs, limitMs)
    if (await endsWithin(world, dueMs - (world.monotonic() - beganAt), work)) return true
    if (dueMs === limitMs || canDoWithout(store, chunk, without)) return false
  }
}
