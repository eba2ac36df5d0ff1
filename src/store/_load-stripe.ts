/** One stripe's wanted data blocks as verified plaintext in a slot: directly, or from any k good columns. */
import { strict as assert } from 'node:assert'
import { blockOffset, storedBytesPerBlock, wholePages } from '#chunk/geometry'
import type { Slot } from '#chunk/slots'
import { isFault } from '#fault/fault'
import { type Awaited, avoidedNode, endsInTime, overdue, readDeadlineMs } from '#store/_hedge'
import { releaseWhen } from '#store/_lent-slots'
import { holderOf, readShard } from '#store/_read-shard'
import type { ChunkRecord } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { storeFault } from '#store/faults'

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
  return await loadDegraded(store, wanted, { avoid: new Set(), waitedMs: 0 })
}

/** The wanted blocks as they lie. `undefined` when one is missing or damaged; when nodes are slower than the hedge allows, others help. */
async function loadDirectly(store: ChunkStore, wanted: StripeWanted): Promise<Slot | undefined> {
  const { chunk, columns, stripe, signal } = wanted
  const { codec, cluster, world } = store.parts
  const slot = await codec.slots.acquire({ signal })
  if (columns.some((column) => avoidedNode(store, chunk, column) !== undefined)) {
    codec.slots.release(slot)
    return undefined
  }
  const beganAt = world.monotonic()
  const reading = new Map<number, Promise<void>>()
  const without = new Set(columns)
  const read = async (column: number): Promise<void> => {
    const isRead = await readColumn(store, { chunk, column, stripe, slot })
    reading.delete(column)
    if (isRead) without.delete(column)
  }
  for (const column of columns) reading.set(column, read(column))
  const all = [...reading.values()]
  const work = Promise.all(all)
  const patienceMs = cluster.slowAfterMs()
  if (await endsInTime(store, { chunk, work, without, patienceMs, limitMs: readDeadlineMs })) {
    if (without.size === 0) {
      const damaged = await openColumns(store, { ...wanted, slot })
      if (damaged.length === 0) return slot
      for (const column of damaged) damagedColumn(store, chunk, column)
    }
    codec.slots.release(slot)
    return undefined
  }
  for (const [column, read] of reading) overdue(store, chunk, column, read)
  const avoid = new Set(reading.keys())
  // The disks may still write into this slot: it is free only when the last read has settled.
  void releaseWhen(store, slot, Promise.allSettled(all))
  return await loadDegraded(store, wanted, { avoid, waitedMs: world.monotonic() - beganAt })
}

/** Any k columns whose digests hold, the wanted ones computed from them. Columns in `avoid` are asked last. */
async function loadDegraded(
  store: ChunkStore,
  wanted: StripeWanted,
  soFar: Pick<Gathering, 'avoid' | 'waitedMs'>,
): Promise<Slot> {
  const { chunk, columns, stripe } = wanted
  const { codec } = store.parts
  const { slot, present } = await gatherColumns(store, { ...wanted, ...soFar })
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
  /** So much of `readDeadlineMs` is over. */
  readonly waitedMs: number
  readonly signal: AbortSignal
}

/**
 * A slot with k columns of a stripe, verified against their digests, and which they are; the caller owns the slot. Columns that turn out
 * slow are asked last from then on, and in another slot, for their late bytes still fall into the first. Everything found missing or
 * damaged on the way is reported. `store/unreadable` when k columns cannot be had within `readDeadlineMs`, in which waiting for memory does not count.
 */
export async function gatherColumns(
  store: ChunkStore,
  { chunk, stripe, avoid, waitedMs, signal }: Gathering,
): Promise<{ readonly slot: Slot; readonly present: readonly number[] }> {
  const { codec, cluster, world } = store.parts
  const needed = chunk.shape.profile.data
  const timesSlow = new Map([...avoid].map((column) => [column, 1]))
  let leftMs = readDeadlineMs - waitedMs
  let reason = 'no answer'
  for (let patienceMs = cluster.slowAfterMs(); leftMs > 0; patienceMs *= patienceGrowth) {
    const held = chunk.shards
      .map((_, column) => column)
      .filter((column) => holderOf(store, chunk, column) !== undefined)
    const slot = await codec.slots.acquire({ signal })
    const beganAt = world.monotonic()
    const { good, slow } = await readUntilEnough(store, {
      chunk,
      stripe,
      slot,
      needed,
      order: inOrderOfHope(store, chunk, held, timesSlow),
      patienceMs,
      limitMs: leftMs,
    })
    if (good.length === needed) return { slot, present: good }
    for (const [column, read] of slow) overdue(store, chunk, column, read)
    void releaseWhen(store, slot, Promise.allSettled(slow.values()))
    reason = `${good.length} of ${needed} columns`
    if (slow.size === 0) break
    leftMs -= world.monotonic() - beganAt
    for (const column of slow.keys()) timesSlow.set(column, (timesSlow.get(column) ?? 0) + 1)
  }
  throw unreadable(chunk, stripe, reason)
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
    limitMs,
    ...place
  }: Omit<ColumnRead, 'column'> &
    Pick<Awaited, 'patienceMs' | 'limitMs'> & {
      readonly order: readonly number[]
      readonly needed: number
    },
): Promise<{
  readonly good: readonly number[]
  readonly slow: ReadonlyMap<number, Promise<unknown>>
}> {
  const good: number[] = []
  const queue = [...order]
  const reading = new Map<number, Promise<void>>()
  const without = new Set<number>()
  let isOver = false
  const read = async (column: number): Promise<void> => {
    const isGood = await readVerified(store, { ...place, column })
    reading.delete(column)
    if (!isGood) return
    good.push(column)
    without.delete(column)
  }
  const readAll = async (): Promise<void> => {
    while (!isOver) {
      for (const column of queue.splice(0, needed - good.length - reading.size)) {
        without.add(column)
        reading.set(column, read(column))
      }
      if (reading.size === 0) break
      await Promise.race(reading.values())
    }
  }
  const { chunk } = place
  await endsInTime(store, { chunk, work: readAll(), without, patienceMs, limitMs })
  isOver = true
  return { good, slow: reading }
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
  const start = column * chunk.shape.blockBytes
  const bytes = wholePages(storedBytesPerBlock(chunk.shape, stripe))
  const into = slot.bytes.subarray(start, start + bytes)
  return await readShard(store, { chunk, column, into, offset: blockOffset(chunk.shape, stripe) })
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

function unreadable(chunk: ChunkRecord, stripe: number, reason: string): Error {
  return storeFault('store/unreadable', {
    chunk: Buffer.from(chunk.id).toString('hex'),
    stripe,
    reason,
  })
}
