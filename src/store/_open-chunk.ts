/** A chunk while it is being written: its key, its columns on their nodes, and the way to its record. */
import { strict as assert } from 'node:assert'
import type { FinishedShard, SealerHandle } from '#chunk/codec'
import { blockOffset, bodyBytes, columnsOf, type Geometry, wholePages } from '#chunk/geometry'
import type { Slot } from '#chunk/slots'
import type { ClusterNode, NodeNumber } from '#cluster/node'
import { place } from '#cluster/place'
import { aeadKeyBytes } from '#crypto/aead'
import { Fault } from '#fault/fault'
import { shardIdOf } from '#shard/shard-id'
import type { ShardWriter } from '#shard/store'
import { type ChunkRecord, chunkIdBytes, type ShardPlace } from '#store/chunk-record'
import { answerOf, type ChunkStore, nodeDeadlineMsDefault, tidyUp } from '#store/chunk-store'
import { storeFault } from '#store/faults'
import { endsWithin } from '#world/patience'

export interface OpenChunk {
  readonly store: ChunkStore
  readonly sealer: SealerHandle
  readonly id: Uint8Array
  readonly geometry: Geometry
  readonly key: { readonly generation: number; readonly wrapped: Uint8Array }
  readonly columns: readonly Column[]
  readonly written: Promise<void>[]
  stripes: number
  bytes: number
}

/** One shard in the making. `failed` is final: the shard will be missing from the record. */
interface Column {
  readonly index: number
  readonly node: ClusterNode
  readonly writer: ShardWriter
  failed: Error | undefined
}

export async function openChunk(
  store: ChunkStore,
  geometry: Geometry,
  sealer: SealerHandle,
): Promise<OpenChunk> {
  const { world, keyring } = store.parts
  const id = world.randomBytes(chunkIdBytes)
  const dataKey = world.randomBytes(aeadKeyBytes)
  const columns = await openColumns(store, id, geometry)
  await sealer.beginChunk({ storeId: keyring.storeId, chunkId: id, geometry }, dataKey)
  return {
    store,
    sealer,
    id,
    geometry,
    key: keyring.wrap(dataKey),
    columns,
    written: [],
    stripes: 0,
    bytes: 0,
  }
}

/** The same for a pack that is full: it has its id, and needs no key. */
export async function openPackChunk(
  store: ChunkStore,
  {
    id,
    geometry,
    sealer,
  }: {
    readonly id: Uint8Array
    readonly geometry: Geometry
    readonly sealer: SealerHandle
  },
): Promise<OpenChunk> {
  const columns = await openColumns(store, id, geometry)
  const { storeId } = store.parts.keyring
  await sealer.beginChunk({ storeId, chunkId: id, geometry }, new Uint8Array())
  const key = { generation: 0, wrapped: new Uint8Array() }
  return { store, sealer, id, geometry, key, columns, written: [], stripes: 0, bytes: 0 }
}

/** Seals the slot's plaintext and writes every column's block. Owns the slot and gives it back when the disks are done with it. */
export function writeStripe(chunk: OpenChunk, slot: Slot, bytes: number): Promise<void> {
  const stripe = chunk.stripes
  chunk.stripes += 1
  chunk.bytes += bytes
  const sealed = chunk.sealer.sealStripe(slot, bytes)
  const written = writeSealed(chunk, { slot, stripe, sealed })
  chunk.written.push(written)
  return written
}

async function writeSealed(
  { store, columns, geometry }: OpenChunk,
  {
    slot,
    stripe,
    sealed,
  }: { readonly slot: Slot; readonly stripe: number; readonly sealed: Promise<number> },
): Promise<void> {
  const { slots } = store.parts.codec
  let padded: number
  try {
    padded = wholePages(await sealed)
  } catch (error) {
    slots.release(slot)
    throw error
  }
  store.parts.world.passing('store/stripe-sealed')
  const offset = blockOffset(geometry, stripe)
  const writes = columns.map((column) => {
    const start = column.index * geometry.blockBytes
    const block = slot.bytes.subarray(start, start + padded)
    return { column, done: writeColumn(store, column, block, offset) }
  })
  const areDone = await withinDeadline(store, writes)
  // A disk that has not answered yet still reads the slot, whether or not anybody waits for it.
  if (areDone) slots.release(slot)
  else slots.releaseWhen(slot, Promise.all(writes.map(({ done }) => done)))
}

/** Closes the chunk: footers, commits, quorum. Call it right after the last `writeStripe`, before the sealer's next chunk. */
export async function finishChunk(chunk: OpenChunk): Promise<ChunkRecord> {
  const { store, sealer, columns, geometry } = chunk
  const ended = sealer.endChunk()
  try {
    await Promise.all(chunk.written)
    const shards = await ended
    const shape = { ...geometry, bytes: chunk.bytes }
    const end = bodyBytes(shape)
    const commits = columns.map((column) => {
      return { column, done: commitColumn(store, column, shardOf(shards, column), end) }
    })
    await withinDeadline(store, commits)
    assertQuorum(chunk)
    store.parts.world.passing('store/chunk-durable')
    const places = columns.map(
      (column): ShardPlace => ({
        id: shardIdOf(shardOf(shards, column).id),
        node: column.failed === undefined ? column.node.number : undefined,
      }),
    )
    const { generation, wrapped } = chunk.key
    return { id: chunk.id, shape, generation, wrappedKey: wrapped, shards: places }
  } catch (error) {
    await Promise.allSettled([ended, ...chunk.written])
    await removeColumns(chunk, await ended.catch(() => []))
    throw error
  }
}

/** Gives up a chunk whose stripes have all settled. */
export async function abortChunk({ store, columns }: OpenChunk): Promise<void> {
  await tidyUp(
    store.parts,
    columns.map(({ writer }) => writer.abort()),
  )
}

/**
 * Never fewer than k + 1 durable shards, and any one node more may be lost: what the record may promise.
 */
function assertQuorum({ columns, geometry }: OpenChunk): void {
  const durable = columns.filter(({ failed }) => failed === undefined)
  const perNode = new Map<NodeNumber, number>()
  for (const { node } of durable) perNode.set(node.number, (perNode.get(node.number) ?? 0) + 1)
  const afterWorstLoss = durable.length - Math.max(0, ...perNode.values())
  if (afterWorstLoss >= geometry.profile.data) return
  const cause = columns.find(({ failed }) => failed !== undefined)?.failed
  const isFull = cause instanceof Fault && cause.kind === 'exhausted'
  throw storeFault(
    isFull ? 'store/out-of-space' : 'store/too-few-shards',
    { durable: durable.length, needed: geometry.profile.data + 1 },
    cause,
  )
}

/** A writer on each node of the placement; a node that refuses is left out and the placement made anew. */
async function openColumns(
  store: ChunkStore,
  chunkId: Uint8Array,
  geometry: Geometry,
): Promise<readonly Column[]> {
  const exclude = new Set<NodeNumber>()
  for (;;) {
    const nodes = placeColumns(store, { chunkId, geometry, exclude })
    const opened = await Promise.allSettled(nodes.map((node) => createWithin(store, node)))
    const refusals = opened.flatMap((result, index) => {
      const node = nodes[index]
      return result.status === 'rejected' && node !== undefined
        ? [{ node, error: result.reason }]
        : []
    })
    if (refusals.length === 0) {
      return opened.flatMap((result, index) => {
        const node = nodes[index]
        assert(result.status === 'fulfilled' && node !== undefined)
        return [{ index, node, writer: result.value, failed: undefined }]
      })
    }
    for (const result of opened)
      if (result.status === 'fulfilled') result.value.abort().catch(() => {}) // best effort: its node sweeps
    for (const { node, error } of refusals) {
      exclude.add(node.number)
      void store.parts.cluster.reportFailure(node.number, error)
    }
  }
}

/** A writer, unless the node takes too long; then one that comes late is given up. */
export async function createWithin(store: ChunkStore, node: ClusterNode): Promise<ShardWriter> {
  const created = node.stores.shards.create()
  try {
    return await answerOf(store.parts, node, created)
  } catch (error) {
    void created.then((writer) => writer.abort()).catch(() => {}) // nobody waits for it any more
    throw error
  }
}

function placeColumns(
  { parts: { cluster } }: ChunkStore,
  {
    chunkId,
    geometry,
    exclude,
  }: {
    readonly chunkId: Uint8Array
    readonly geometry: Geometry
    readonly exclude: ReadonlySet<NodeNumber>
  },
): readonly ClusterNode[] {
  const { profile } = geometry
  try {
    const { nodes } = place(cluster.epoch(), {
      chunkId,
      shards: columnsOf(profile),
      parity: profile.parity,
      exclude,
    })
    return nodes.map((number) => {
      const node = cluster.node(number)
      assert(node !== undefined)
      return node
    })
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    const code = cause.kind === 'exhausted' ? 'store/out-of-space' : 'store/too-few-nodes'
    throw storeFault(code, { excluded: exclude.size }, cause)
  }
}

async function writeColumn(
  store: ChunkStore,
  column: Column,
  bytes: Uint8Array,
  offset: number,
): Promise<void> {
  if (column.failed !== undefined) return
  try {
    await column.writer.write(bytes, offset)
    store.parts.telemetry.shardIo({ node: column.node.id, direction: 'in', bytes: bytes.length })
  } catch (error) {
    failColumn(store, column, error)
  }
}

async function commitColumn(
  store: ChunkStore,
  column: Column,
  shard: FinishedShard,
  end: number,
): Promise<void> {
  await writeColumn(store, column, shard.footer, end)
  if (column.failed !== undefined) return
  try {
    await column.writer.commit(shardIdOf(shard.id))
  } catch (error) {
    failColumn(store, column, error)
  }
}

interface Pending {
  readonly column: Column
  /** Never rejects. */
  readonly done: Promise<void>
}

/** Waits for all, but only so long: the columns that have not answered by then have failed. Whether all have. */
async function withinDeadline(store: ChunkStore, pending: readonly Pending[]): Promise<boolean> {
  const { world, nodeDeadlineMs = nodeDeadlineMsDefault } = store.parts
  const waiting = new Set(pending)
  const all = Promise.all(
    pending.map(async (one) => {
      await one.done
      waiting.delete(one)
    }),
  )
  await endsWithin(world, nodeDeadlineMs, all)
  for (const { column } of waiting) {
    const detail = { node: column.node.id, deadlineMs: nodeDeadlineMs }
    failColumn(store, column, storeFault('store/node-too-slow', detail))
  }
  return waiting.size === 0
}

function failColumn(store: ChunkStore, column: Column, error: unknown): void {
  if (column.failed !== undefined) return
  column.failed = error instanceof Error ? error : new Error(String(error))
  void store.parts.cluster.reportFailure(column.node.number, error)
  column.writer.abort().catch(() => {}) // the node is failing: what it keeps, its own start-up sweeps
}

async function removeColumns(
  { store, columns }: OpenChunk,
  shards: readonly FinishedShard[],
): Promise<void> {
  await tidyUp(
    store.parts,
    columns.map(async ({ writer, node, index }) => {
      await writer.abort()
      const shard = shards[index]
      if (shard !== undefined) await node.stores.shards.remove(shardIdOf(shard.id))
    }),
  )
}

function shardOf(shards: readonly FinishedShard[], { index }: Column): FinishedShard {
  const shard = shards[index]
  assert(shard !== undefined)
  return shard
}
