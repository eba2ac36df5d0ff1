/** One stripe's wanted data blocks as verified plaintext in a slot: directly, or from any k good columns. */
import { strict as assert } from 'node:assert'
import { blockOffset, storedBytesPerBlock, wholePages } from '#chunk/geometry'
import type { Slot } from '#chunk/slots'
import type { ClusterNode } from '#cluster/node'
import { isFault } from '#fault/fault'
import type { ShardId } from '#shard/shard-id'
import { releaseWhen } from '#store/_lent-slots'
import type { ChunkRecord } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { storeFault } from '#store/faults'
import { endsWithin } from '#world/patience'

/** A stripe that cannot be had within this is unreadable for now: a node that never answers must not hold a reader for ever. */
const readDeadlineMs = 30_000
/** Each attempt waits so many times as long as the one before: who was slow once, because everything was, gets another chance soon. */
const patienceGrowth = 4

export interface StripeWanted {
  readonly chunk: ChunkRecord
  readonly key: Uint8Array
  readonly stripe: number
  /** Data columns whose plaintext is wanted. */
  readonly columns: readonly number[]
  readonly signal: AbortSignal
}

/** The caller owns the slot. `store/unreadable` when the stripe cannot be had. */
export async function loadStripe(store: ChunkStore, wanted: StripeWanted): Promise<Slot> {
  const { columns, chunk } = wanted
  if (columns.every((column) => holderOf(store, chunk, column) !== undefined)) {
    const direct = await loadDirectly(store, wanted)
    if (direct !== undefined) return direct
  }
  return await loadDegraded(store, wanted, new Set())
}

/** The wanted blocks as they lie. `undefined` when one is missing, damaged or slower than the hedge allows: then others must help. */
async function loadDirectly(store: ChunkStore, wanted: StripeWanted): Promise<Slot | undefined> {
  const { chunk, columns, stripe, signal } = wanted
  const { codec, cluster, world } = store.parts
  const slot = await codec.slots.acquire({ signal })
  if (columns.some((column) => isStalled(store, chunk, column))) {
    codec.slots.release(slot)
    return undefined
  }
  const reads = columns.map((column) => readColumn(store, { chunk, column, stripe, slot }))
  const all = Promise.all(reads)
  if (await endsWithin(world, cluster.slowAfterMs(), all)) {
    if ((await all).every(Boolean)) {
      const damaged = await openColumns(store, { ...wanted, slot })
      if (damaged.length === 0) return slot
      for (const column of damaged) damagedColumn(store, chunk, column)
    }
    codec.slots.release(slot)
    return undefined
  }
  const slow = await giveUpSlow(store, wanted, reads)
  // The disks may still write into this slot: it is free only when the last read has settled.
  void releaseWhen(store, slot, Promise.allSettled(reads))
  return await loadDegraded(store, wanted, slow)
}

/** The columns whose reads are slow, and which nobody waits for any more. */
async function giveUpSlow(
  store: ChunkStore,
  { chunk, columns }: StripeWanted,
  reads: readonly Promise<boolean>[],
): Promise<ReadonlySet<number>> {
  const slow = new Set<number>()
  await Promise.all(
    reads.map(async (read, index) => {
      const state = await Promise.race([read, Promise.resolve('pending')])
      const column = columns[index]
      if (state !== 'pending' || column === undefined) return
      slow.add(column)
      overdue(store, chunk, column, read)
    }),
  )
  return slow
}

/** Any k columns whose digests hold, the wanted ones computed from them. Columns in `avoid` are asked last. */
async function loadDegraded(
  store: ChunkStore,
  wanted: StripeWanted,
  avoid: ReadonlySet<number>,
): Promise<Slot> {
  const { chunk, columns, stripe } = wanted
  const { codec } = store.parts
  const { slot, present } = await gatherColumns(store, { ...wanted, avoid })
  try {
    const lost = columns.filter((column) => !present.includes(column))
    if (lost.length > 0) {
      const bytes = storedBytesPerBlock(chunk.shape, stripe)
      await codec.rebuildBlocks(slot, { geometry: chunk.shape, present, lost, bytes })
    }
    const damaged = await openColumns(store, { ...wanted, slot })
    if (damaged.length > 0) throw unreadable(chunk, stripe, 'not authentic')
    return slot
  } catch (error) {
    codec.slots.release(slot)
    throw error
  }
}

export interface Gathering {
  readonly chunk: ChunkRecord
  readonly stripe: number
  /** Columns that are asked only when the others do not suffice. */
  readonly avoid: ReadonlySet<number>
  readonly signal: AbortSignal
}

/**
 * A slot with k columns of a stripe, verified against their digests, and which they are; the caller owns the slot. Columns that turn out
 * slow are asked last from then on, and in another slot, for their late bytes still fall into the first. Everything found missing or
 * damaged on the way is reported. `store/unreadable` when k columns cannot be had within `readDeadlineMs`.
 */
export async function gatherColumns(
  store: ChunkStore,
  { chunk, stripe, avoid, signal }: Gathering,
): Promise<{ readonly slot: Slot; readonly present: readonly number[] }> {
  const { codec, cluster, world } = store.parts
  const needed = chunk.shape.profile.data
  const timesSlow = new Map([...avoid].map((column) => [column, 1]))
  const until = world.monotonic() + readDeadlineMs
  for (let patienceMs = cluster.slowAfterMs(); ; patienceMs *= patienceGrowth) {
    const held = chunk.shards
      .map((_, column) => column)
      .filter((column) => holderOf(store, chunk, column) !== undefined)
    const slot = await codec.slots.acquire({ signal })
    const leftMs = until - world.monotonic()
    const { good, slow } = await readUntilEnough(store, {
      chunk,
      stripe,
      slot,
      needed,
      order: inOrderOfHope(store, chunk, held, timesSlow),
      patienceMs: Math.min(patienceMs, leftMs),
    })
    if (good.length === needed) return { slot, present: good }
    for (const [column, read] of slow) overdue(store, chunk, column, read)
    void releaseWhen(store, slot, Promise.allSettled(slow.values()))
    if (slow.size === 0 || patienceMs >= leftMs) {
      throw unreadable(chunk, stripe, `${good.length} of ${needed} columns`)
    }
    for (const column of slow.keys()) timesSlow.set(column, (timesSlow.get(column) ?? 0) + 1)
  }
}

/** Those that hang come last, the oldest of them at the end; before them those that were slow. */
function inOrderOfHope(
  store: ChunkStore,
  { shards }: ChunkRecord,
  columns: readonly number[],
  timesSlow: ReadonlyMap<number, number>,
): readonly number[] {
  const rank = (column: number): readonly [number, number] => {
    const node = shards[column]?.node
    return [node === undefined ? 0 : store.stalled.ageMs(node), timesSlow.get(column) ?? 0]
  }
  return columns
    .map((column) => ({ column, rank: rank(column) }))
    .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1])
    .map(({ column }) => column)
}

/**
 * Reads columns in this order, as many at once as are still needed, until enough are good, all were tried, or patience ends; then some may
 * still be reading into the slot.
 */
async function readUntilEnough(
  store: ChunkStore,
  {
    order,
    needed,
    patienceMs,
    ...place
  }: Omit<ColumnRead, 'column'> & {
    readonly order: readonly number[]
    readonly needed: number
    readonly patienceMs: number
  },
): Promise<{
  readonly good: readonly number[]
  readonly slow: ReadonlyMap<number, Promise<unknown>>
}> {
  const good: number[] = []
  const queue = [...order]
  const reading = new Map<number, Promise<boolean>>()
  const stop = new AbortController()
  const patience = store.parts.world
    .sleep(patienceMs, { signal: stop.signal })
    .then(() => true)
    .catch(() => false)
  const read = async (column: number): Promise<boolean> => {
    const isGood = await readVerified(store, { ...place, column })
    reading.delete(column)
    if (isGood) good.push(column)
    return false
  }
  try {
    for (let isOver = false; !isOver; ) {
      for (const column of queue.splice(0, needed - good.length - reading.size)) {
        reading.set(column, read(column))
      }
      if (reading.size === 0) break
      isOver = await Promise.race([...reading.values(), patience])
    }
    return { good, slow: reading }
  } finally {
    stop.abort()
  }
}

interface ColumnRead {
  readonly chunk: ChunkRecord
  readonly column: number
  readonly stripe: number
  readonly slot: Slot
}

async function readVerified(store: ChunkStore, read: ColumnRead): Promise<boolean> {
  const { chunk, column, stripe, slot } = read
  const holder = holderOf(store, chunk, column)
  if (holder === undefined || !(await readColumn(store, read))) return false
  try {
    const digest = await store.digestTables.digest(chunk, {
      column,
      stripe,
      shards: holder.node.stores.shards,
    })
    const bytes = storedBytesPerBlock(chunk.shape, stripe)
    const blocks = [{ column, bytes, digest }]
    const bad = await store.parts.codec.checkBlocks(slot, { geometry: chunk.shape, blocks })
    if (bad.length === 0) return true
  } catch (error) {
    if (!isFault(error)) throw error
  }
  damagedColumn(store, chunk, column)
  return false
}

/** Reads one column's block into the slot; false (and reported) when the node cannot give it. */
async function readColumn(
  store: ChunkStore,
  { chunk, column, stripe, slot }: ColumnRead,
): Promise<boolean> {
  const { cluster, world, telemetry } = store.parts
  const holder = holderOf(store, chunk, column)
  if (holder === undefined) return false
  const start = column * chunk.shape.blockBytes
  const bytes = wholePages(storedBytesPerBlock(chunk.shape, stripe))
  const into = slot.bytes.subarray(start, start + bytes)
  const began = world.monotonic()
  try {
    await holder.node.stores.shards.read(holder.id, into, {
      offset: blockOffset(chunk.shape, stripe),
    })
  } catch (error) {
    if (!isFault(error)) throw error
    void cluster.reportFailure(holder.node.number, error)
    if (error.kind === 'not-found' || error.kind === 'corrupt')
      store.reportDamage(chunk, column, 'missing')
    return false
  }
  cluster.observeRead(holder.node.number, world.monotonic() - began)
  telemetry.shardIo({ node: holder.node.id, direction: 'out', bytes })
  return true
}

async function openColumns(
  store: ChunkStore,
  { chunk, key, stripe, columns, slot }: StripeWanted & { readonly slot: Slot },
): Promise<readonly number[]> {
  const bytes = storedBytesPerBlock(chunk.shape, stripe)
  const blocks = columns.map((column) => ({ column, bytes }))
  return await store.parts.codec.openBlocks(slot, { geometry: chunk.shape, key, stripe, blocks })
}

function damagedColumn(store: ChunkStore, chunk: ChunkRecord, column: number): void {
  const place = chunk.shards[column]
  assert(place !== undefined)
  store.digestTables.forget(place.id)
  store.reportDamage(chunk, column, 'damaged')
}

/** Nobody waits for this read any more. */
function overdue(
  store: ChunkStore,
  { shards }: ChunkRecord,
  column: number,
  read: Promise<unknown>,
): void {
  const node = shards[column]?.node
  if (node !== undefined) store.stalled.add(node, read)
}

function isStalled(store: ChunkStore, { shards }: ChunkRecord, column: number): boolean {
  const node = shards[column]?.node
  return node !== undefined && store.stalled.has(node)
}

/** The node that holds a column and is up. */
export function holderOf(
  store: ChunkStore,
  chunk: ChunkRecord,
  column: number,
): { readonly node: ClusterNode; readonly id: ShardId } | undefined {
  const place = chunk.shards[column]
  if (place?.node === undefined) return undefined
  const node = store.parts.cluster.node(place.node)
  return node === undefined || node.state === 'down' ? undefined : { node, id: place.id }
}

function unreadable(chunk: ChunkRecord, stripe: number, reason: string): Error {
  return storeFault('store/unreadable', {
    chunk: Buffer.from(chunk.id).toString('hex'),
    stripe,
    reason,
  })
}
