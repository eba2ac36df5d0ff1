/** One stripe's wanted data blocks as verified plaintext in a slot: directly, or from any k good columns. */
import { strict as assert } from 'node:assert'
import { blockOffset, storedBytesPerBlock, wholePages } from '#chunk/geometry'
import type { Slot } from '#chunk/slots'
import type { ClusterNode } from '#cluster/node'
import { isFault } from '#fault/fault'
import type { ShardId } from '#shard/shard-id'
import type { ChunkRecord } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { storeFault } from '#store/faults'

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
  const reads = columns.map((column) => readColumn(store, { chunk, column, stripe, slot }))
  const all = Promise.all(reads)
  all.catch(() => {}) // settled below
  const stop = new AbortController()
  const hedge = world.sleep(cluster.slowAfterMs(), { signal: stop.signal }).then(
    () => 'slow' as const,
    () => 'stopped' as const,
  )
  const outcome = await Promise.race([
    all.then((oks) => (oks.every(Boolean) ? 'read' : 'missing')),
    hedge,
  ])
  stop.abort()
  if (outcome === 'read') {
    const damaged = await openColumns(store, { ...wanted, slot })
    if (damaged.length === 0) return slot
    for (const column of damaged) damagedColumn(store, chunk, column)
    codec.slots.release(slot)
    return undefined
  }
  const slow = outcome === 'slow' ? await hedgeAgainst(store, wanted, reads) : undefined
  // The disks may still write into this slot: it is free only when the last read has settled.
  void Promise.allSettled(reads).then(() => codec.slots.release(slot))
  return slow
}

/** Some reads are slow: whichever comes first, the slow ones or k others, gives the stripe. */
async function hedgeAgainst(
  store: ChunkStore,
  wanted: StripeWanted,
  reads: readonly Promise<boolean>[],
): Promise<Slot | undefined> {
  const avoid = new Set<number>()
  await Promise.all(
    reads.map(async (read, index) => {
      const state = await Promise.race([read, Promise.resolve('pending')])
      const column = wanted.columns[index]
      if (state === 'pending' && column !== undefined) avoid.add(column)
    }),
  )
  return await loadDegraded(store, wanted, avoid)
}

/** Any k columns whose digests hold, the wanted ones computed from them. Columns in `avoid` are asked last. */
export async function loadDegraded(
  store: ChunkStore,
  wanted: StripeWanted,
  avoid: ReadonlySet<number>,
): Promise<Slot> {
  const { chunk, columns, stripe, signal } = wanted
  const { codec } = store.parts
  const slot = await codec.slots.acquire({ signal })
  try {
    const present = await gatherColumns(store, { chunk, stripe, slot, avoid })
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

/**
 * Reads columns into the slot until k of them are verified against their digests; returns which. Everything found missing or damaged on
 * the way is reported. `store/unreadable` when k cannot be had.
 */
export async function gatherColumns(
  store: ChunkStore,
  {
    chunk,
    stripe,
    slot,
    avoid,
  }: {
    readonly chunk: ChunkRecord
    readonly stripe: number
    readonly slot: Slot
    readonly avoid: ReadonlySet<number>
  },
): Promise<readonly number[]> {
  const needed = chunk.shape.profile.data
  const candidates = chunk.shards
    .map((_, column) => column)
    .filter((column) => holderOf(store, chunk, column) !== undefined)
    .sort((a, b) => Number(avoid.has(a)) - Number(avoid.has(b)) || a - b)
  const good: number[] = []
  while (good.length < needed && candidates.length > 0) {
    const batch = candidates.splice(0, needed - good.length)
    const verified = await Promise.all(
      batch.map((column) => readVerified(store, { chunk, column, stripe, slot })),
    )
    good.push(...batch.filter((_, index) => verified[index] === true))
  }
  if (good.length < needed) throw unreadable(chunk, stripe, `${good.length} of ${needed} columns`)
  return good
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

/** The node that holds a column and is up. */
function holderOf(
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
