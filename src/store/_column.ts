/** One shard in the making, on its node. */
import type { FinishedShard } from '#chunk/codec'
import type { ClusterNode } from '#cluster/node'
import { shardIdOf } from '#shard/shard-id'
import type { ShardWriter } from '#shard/store'
import { lateAfterMs, lateFactor } from '#store/_late-shards'
import { type ChunkStore, nodeDeadlineMsDefault, patienceFactor } from '#store/chunk-store'
import { storeFault } from '#store/faults'
import { endsWithin } from '#world/patience'
import type { World } from '#world/world'

export interface Column {
  readonly index: number
  readonly node: ClusterNode
  /** Of a late column it may still be on its way. */
  readonly writer: Promise<ShardWriter>
  /**
   * `late`: nobody waits for the node any more; what it is still to write is copied. `durable` and `failed` are final: the shard rests on its
   * node, or will be missing.
   */
  state: 'writing' | 'late' | 'durable' | 'failed'
  error: Error | undefined
  /** What a late column's node has not answered yet. None rejects. */
  readonly behind: Set<Promise<void>>
}

/** A column's work that has begun. */
export interface Pending {
  readonly column: Column
  /** Never rejects. */
  readonly done: Promise<void>
}

/** Who waits for columns, and for how many of them in vain. */
export interface Waiting {
  /** So many more may be late. */
  readonly lateMax: () => number
  /** Without so many of those that have not failed the chunk would still be one. */
  readonly spare: () => number
}

/** Until the node has a writer for it. Never rejects: without one the column fails. */
export async function createdColumn(store: ChunkStore, column: Column): Promise<void> {
  await column.writer.catch((error: unknown) => failColumn(store, column, error))
}

/** Never rejects: what fails, fails the column. */
export async function writeColumn(
  store: ChunkStore,
  column: Column,
  bytes: Uint8Array,
  offset: number,
): Promise<void> {
  if (column.state === 'failed') return
  try {
    const writer = await column.writer
    await writer.write(bytes, offset)
    store.parts.telemetry.shardIo({ node: column.node.id, direction: 'in', bytes: bytes.length })
  } catch (error) {
    failColumn(store, column, error)
  }
}

/** Writes a copy of `bytes`, which may be reused on return. */
export function writeBehind(
  store: ChunkStore,
  column: Column,
  bytes: Uint8Array,
  offset: number,
): void {
  if (column.state === 'failed') return
  const copy = store.late.copy(bytes)
  if (copy === undefined) {
    failColumn(store, column, tooSlow(store, column))
    return
  }
  const done = timed(store, column, writeColumn(store, column, copy.bytes, offset))
  fallBehind(column, done.finally(copy.free))
}

/** Footer and commit; `durable` in the end, or `failed`. Never rejects. */
export async function commitColumn(
  store: ChunkStore,
  column: Column,
  shard: FinishedShard,
  end: number,
): Promise<void> {
  await writeColumn(store, column, shard.footer, end)
  if (isFailed(column)) return
  try {
    const writer = await column.writer
    await writer.commit(shardIdOf(shard.id))
    if (!isFailed(column)) column.state = 'durable' // else it came too late, and repair has it
  } catch (error) {
    failColumn(store, column, error)
  }
}

/** The same once the node has written all that is behind; all that within the deadline of one answer. Whether the shard is durable in the end. */
export async function commitBehind(
  store: ChunkStore,
  column: Column,
  shard: FinishedShard,
  end: number,
): Promise<boolean> {
  const { world, nodeDeadlineMs = nodeDeadlineMsDefault } = store.parts
  const footer = Uint8Array.from(shard.footer)
  const commit = async (): Promise<void> => {
    await Promise.all(column.behind)
    if (column.state === 'late')
      await timed(store, column, commitColumn(store, column, { ...shard, footer }, end))
  }
  if (!(await endsWithin(world, nodeDeadlineMs, commit())))
    failColumn(store, column, tooSlow(store, column))
  const hasArrived = column.state === 'durable'
  if (hasArrived) world.passing('store/late-shard-durable')
  return hasArrived
}

/**
 * Waits for all, but only so long. Once so few are left that they may be late (`lateMax`), those that take longer than `lateAfterMs`, and
 * longer than `lateFactor` times what the others took, are; any that may not be late have failed when the deadline is over. It is not over while
 * there would be no chunk without them (`spare`), but for `patienceFactor` times as long, and not before they had twice what the others took. Whether
 * all have answered: if not, some still use what they were given.
 */
export async function untilAnswered(
  store: ChunkStore,
  pending: readonly Pending[],
  { lateMax, spare }: Waiting,
): Promise<boolean> {
  const { world, nodeDeadlineMs = nodeDeadlineMsDefault } = store.parts
  const startedAt = world.monotonic()
  const elapsedMs = (): number => world.monotonic() - startedAt
  const waiting = new Set(pending)
  const awaited = (): Pending[] => [...waiting].filter(({ column }) => column.state === 'writing')
  const { promise: fewAreLeft, resolve: tell } = Promise.withResolvers<void>()
  const { promise: enoughCame, resolve: tellEnough } = Promise.withResolvers<void>()
  const tellIfFew = (): void => {
    const { length } = awaited()
    if (length <= Math.max(0, spare())) tellEnough()
    if (length <= lateMax()) tell()
  }
  for (const one of pending) {
    void one.done.then(() => {
      waiting.delete(one)
      tellIfFew()
    })
  }
  tellIfFew()
  const patienceMs = patienceFactor * nodeDeadlineMs
  await endsWithin(world, patienceMs, enoughCame)
  const limitMs = Math.min(Math.max(nodeDeadlineMs, lateFactor * elapsedMs()), patienceMs)
  if (await endsWithin(world, limitMs - elapsedMs(), fewAreLeft)) {
    const dueMs = Math.min(Math.max(lateAfterMs, lateFactor * elapsedMs()), limitMs)
    await answersWithin(world, dueMs - elapsedMs(), awaited())
    for (const { column } of awaited().slice(0, lateMax())) beLate(store, column)
    await answersWithin(world, limitMs - elapsedMs(), awaited())
  }
  for (const { column } of awaited()) failColumn(store, column, tooSlow(store, column))
  for (const { column, done } of waiting) fallBehind(column, done)
  return waiting.size === 0
}

async function answersWithin(world: World, ms: number, awaited: readonly Pending[]): Promise<void> {
  if (awaited.length === 0) return
  await endsWithin(world, ms, Promise.all(awaited.map(({ done }) => done)))
}

function isFailed({ state }: Column): boolean {
  return state === 'failed'
}

function failColumn(store: ChunkStore, column: Column, error: unknown): void {
  if (column.state === 'failed' || column.state === 'durable') return
  column.state = 'failed'
  column.error = error instanceof Error ? error : new Error(String(error))
  void store.parts.cluster.reportFailure(column.node.number, error)
  column.writer.then((writer) => writer.abort()).catch(() => {}) // the node is failing: what it keeps, its own start-up sweeps
}

function beLate({ late }: ChunkStore, column: Column): void {
  column.state = 'late'
  late.noteLate(column.node.number)
}

function fallBehind({ behind }: Column, done: Promise<void>): void {
  behind.add(done)
  void done.then(() => behind.delete(done))
}

/** A late node that takes its time again is late again. */
async function timed({ parts, late }: ChunkStore, { node }: Column, done: Promise<void>) {
  const startedAt = parts.world.monotonic()
  await done
  if (parts.world.monotonic() - startedAt >= lateAfterMs) late.noteLate(node.number)
}

function tooSlow(
  { parts: { nodeDeadlineMs = nodeDeadlineMsDefault } }: ChunkStore,
  { node }: Column,
) {
  return storeFault('store/node-too-slow', { node: node.id, deadlineMs: nodeDeadlineMs })
}
