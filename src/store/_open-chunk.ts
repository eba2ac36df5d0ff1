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
import {
  type Column,
  commitBehind,
  commitColumn,
  createdColumn,
  type Pending,
  untilAnswered,
  type Waiting,
  writeBehind,
  writeColumn,
} from '#store/_column'
import { releaseWhen } from '#store/_lent-slots'
import { type ChunkRecord, chunkIdBytes, type ShardPlace } from '#store/chunk-record'
import { type ChunkStore, tidyUp } from '#store/chunk-store'
import { type LockOptions, wrapDataKey } from '#store/data-key'
import { storeFault } from '#store/faults'

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

export async function openChunk(
  store: ChunkStore,
  geometry: Geometry,
  { sealer, outerKey }: { readonly sealer: SealerHandle } & Pick<LockOptions, 'outerKey'>,
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
    key: wrapDataKey(keyring, dataKey, { outerKey }),
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
  chunk: OpenChunk,
  {
    slot,
    stripe,
    sealed,
  }: { readonly slot: Slot; readonly stripe: number; readonly sealed: Promise<number> },
): Promise<void> {
  const { store, columns, geometry } = chunk
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
  const writes = columns.flatMap((column): readonly Pending[] => {
    const start = column.index * geometry.blockBytes
    const block = slot.bytes.subarray(start, start + padded)
    if (column.state === 'writing')
      return [{ column, done: writeColumn(store, column, block, offset) }]
    if (column.state === 'late') writeBehind(store, column, block, offset)
    return []
  })
  const areDone = await untilAnswered(store, writes, waitingFor(chunk))
  // A disk that has not answered yet still reads the slot, whether or not anybody waits for it.
  if (areDone) slots.release(slot)
  else void releaseWhen(store, slot, Promise.all(writes.map(({ done }) => done)))
}

/** Closes the chunk: footers, commits, quorum. Call it right after the last `writeStripe`, before the sealer's next chunk. */
export async function finishChunk(chunk: OpenChunk): Promise<ChunkRecord> {
  const { store, sealer, columns, geometry } = chunk
  const ended = sealer.endChunk()
  try {
    await Promise.all(chunk.written)
    const shards = await ended
    const shape = { ...geometry, bytes: chunk.bytes }
    const late = await commitColumns(chunk, shards)
    assertQuorum(chunk)
    store.parts.world.passing('store/chunk-durable')
    for (const { column, arrived } of late) {
      if (column.state !== 'late') continue
      const id = shardIdOf(shardOf(shards, column).id)
      const { number } = column.node
      store.late.await({ chunkId: chunk.id, column: column.index, node: number, id, arrived })
    }
    const places = columns.map((column): ShardPlace => {
      const id = shardIdOf(shardOf(shards, column).id)
      return { id, node: column.state === 'durable' ? column.node.number : undefined }
    })
    const { generation, wrapped } = chunk.key
    return { id: chunk.id, shape, generation, wrappedKey: wrapped, shards: places }
  } catch (error) {
    await Promise.allSettled([ended, ...chunk.written])
    await removeColumns(chunk, await ended.catch(() => []))
    throw error
  }
}

/** Waits for the late ones only where the others are too few. Returns the late ones, which go on. */
async function commitColumns(
  chunk: OpenChunk,
  shards: readonly FinishedShard[],
): Promise<readonly { readonly column: Column; readonly arrived: Promise<boolean> }[]> {
  const { store, columns, geometry } = chunk
  const end = bodyBytes({ ...geometry, bytes: chunk.bytes })
  const commits = columns
    .filter(({ state }) => state === 'writing')
    .map((column) => {
      return { column, done: commitColumn(store, column, shardOf(shards, column), end) }
    })
  await untilAnswered(store, commits, waitingFor(chunk))
  const late = columns
    .filter(({ state }) => state === 'late')
    .map((column) => {
      return { column, arrived: commitBehind(store, column, shardOf(shards, column), end) }
    })
  if (!hasQuorum(chunk)) await Promise.all(late.map(({ arrived }) => arrived))
  return late
}

/** Half of the parity, so that what is acknowledged can still lose the other half. */
function lateMaxOf({ profile }: Geometry): number {
  return profile.parity >> 1
}

function waitingFor({ columns, geometry }: OpenChunk): Waiting {
  return {
    lateMax: () => lateMaxOf(geometry) - columns.filter(({ state }) => state === 'late').length,
    spare: () => spareOf(columns, geometry),
  }
}

/** How many columns of those that have not failed may still do so. */
function spareOf(columns: readonly Column[], geometry: Geometry): number {
  return beyondQuorum(
    columns.filter(({ state }) => state !== 'failed'),
    geometry,
  )
}

/** Gives up a chunk whose stripes have all settled. */
export async function abortChunk({ store, columns }: OpenChunk): Promise<void> {
  await tidyUp(
    store.parts,
    columns.map(async ({ writer }) => (await writer).abort()),
  )
}

/** Never fewer than k + 1 durable shards, and any one node more may be lost: what the record may promise. */
function hasQuorum({ columns, geometry }: OpenChunk): boolean {
  const durable = columns.filter(({ state }) => state === 'durable')
  return beyondQuorum(durable, geometry) >= 0
}

/** How many columns there are beyond those that are enough whichever node is lost; less than none when they are not. */
function beyondQuorum(columns: readonly Column[], { profile }: Geometry): number {
  const perNode = new Map<NodeNumber, number>()
  for (const { node } of columns) perNode.set(node.number, (perNode.get(node.number) ?? 0) + 1)
  return columns.length - Math.max(0, ...perNode.values()) - profile.data
}

function assertQuorum(chunk: OpenChunk): void {
  if (hasQuorum(chunk)) return
  const { columns, geometry } = chunk
  const durable = columns.filter(({ state }) => state === 'durable').length
  const cause = columns.find(({ state }) => state === 'failed')?.error
  const isFull = cause instanceof Fault && cause.kind === 'exhausted'
  throw storeFault(
    isFull ? 'store/out-of-space' : 'store/too-few-shards',
    { durable, needed: geometry.profile.data + 1 },
    cause,
  )
}

/**
 * A writer on each node of the placement; a node that refuses is left out and the placement made anew. Nobody waits for those that were late
 * a moment ago.
 */
async function openColumns(
  store: ChunkStore,
  chunkId: Uint8Array,
  geometry: Geometry,
): Promise<readonly Column[]> {
  const exclude = new Set<NodeNumber>()
  for (;;) {
    const nodes = placeColumns(store, { chunkId, geometry, exclude })
    const late = nodes.filter(({ number }) => store.late.wasLate(number))
    const areLate = new Set(late.slice(0, lateMaxOf(geometry)))
    const columns = nodes.map((node, index): Column => {
      const state = areLate.has(node) ? 'late' : 'writing'
      const writer = node.stores.shards.create()
      writer.catch(() => {}) // whoever writes to it meets the error
      return { index, node, writer, state, error: undefined, behind: new Set() }
    })
    const awaited = columns.filter(({ state }) => state === 'writing')
    await untilAnswered(
      store,
      awaited.map((column) => ({ column, done: createdColumn(store, column) })),
      { lateMax: () => 0, spare: () => spareOf(columns, geometry) },
    )
    const refusals = columns.filter(({ state }) => state === 'failed')
    if (refusals.length === 0) return columns
    for (const { writer } of columns) writer.then((one) => one.abort()).catch(() => {}) // best effort: its node sweeps
    for (const { node } of refusals) exclude.add(node.number)
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

async function removeColumns(
  { store, columns }: OpenChunk,
  shards: readonly FinishedShard[],
): Promise<void> {
  await tidyUp(
    store.parts,
    columns.map(async (column) => {
      const { writer, node, index } = column
      if (column.state === 'late') column.state = 'failed' // what is behind comes to an end
      await (await writer).abort()
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
