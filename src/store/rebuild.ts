/** Lost or damaged shards of one chunk, computed anew from k good ones and written to the nodes given: byte-equal to what was lost. */
import { strict as assert } from 'node:assert'
import { toHex } from '#bytes/text'
import type { HasherHandle } from '#chunk/codec'
import { blockOffset, bodyBytes, storedBytesPerBlock, stripesOf, wholePages } from '#chunk/geometry'
import type { ClusterNode } from '#cluster/node'
import type { ShardWriter } from '#shard/store'
import { gatherColumns } from '#store/_load-stripe'
import type { ChunkRecord } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { storeFault } from '#store/faults'

export interface RebuildTarget {
  readonly column: number
  readonly node: ClusterNode
}

/**
 * Writes the targets' shards durably. What lay under the same id on a target node is replaced, and stays if that fails: it may be whole. `store/unreadable` when fewer than k
 * columns are good; a node's own fault when it cannot take the shard. Nothing is recorded: the caller records where the shards now rest.
 */
export async function rebuildShards(
  store: ChunkStore,
  chunk: ChunkRecord,
  { targets, signal }: { readonly targets: readonly RebuildTarget[]; readonly signal: AbortSignal },
): Promise<void> {
  const columns = targets.map(({ column }) => column)
  const identity = {
    storeId: store.parts.keyring.storeId,
    chunkId: chunk.id,
    geometry: chunk.shape,
  }
  const hasher = await store.parts.codec.openHasher(identity, columns)
  const writers: ShardWriter[] = []
  try {
    for (const { node } of targets) writers.push(await node.stores.shards.create())
    for (let stripe = 0; stripe < stripesOf(chunk.shape); stripe += 1) {
      await rebuildStripe(store, chunk, { stripe, columns, writers, hasher, signal })
    }
    await commitShards(chunk, { targets, writers, hasher })
  } finally {
    await Promise.allSettled(writers.map((writer) => writer.abort())) // a no-op once committed
    await hasher.close()
  }
}

async function rebuildStripe(
  store: ChunkStore,
  chunk: ChunkRecord,
  {
    stripe,
    columns,
    writers,
    hasher,
    signal,
  }: {
    readonly stripe: number
    readonly columns: readonly number[]
    readonly writers: readonly ShardWriter[]
    readonly hasher: HasherHandle
    readonly signal: AbortSignal
  },
): Promise<void> {
  const { codec } = store.parts
  const avoid = new Set(columns)
  const { slot, present } = await gatherColumns(store, { chunk, stripe, avoid, signal })
  try {
    const lost = columns.filter((column) => !present.includes(column))
    const bytes = storedBytesPerBlock(chunk.shape, stripe)
    await codec.rebuildBlocks(slot, { geometry: chunk.shape, present, lost, bytes })
    await hasher.absorb(slot, bytes)
    const padded = wholePages(bytes)
    await settleAll(
      columns.map((column, index) => {
        const start = column * chunk.shape.blockBytes
        const block = slot.bytes.subarray(start, start + padded)
        return writerAt(writers, index).write(block, blockOffset(chunk.shape, stripe))
      }),
    )
  } finally {
    codec.slots.release(slot)
  }
}

async function commitShards(
  chunk: ChunkRecord,
  {
    targets,
    writers,
    hasher,
  }: {
    readonly targets: readonly RebuildTarget[]
    readonly writers: readonly ShardWriter[]
    readonly hasher: HasherHandle
  },
): Promise<void> {
  const shards = await hasher.finish(chunk.shape.bytes)
  for (const [index, { column }] of targets.entries()) {
    const shard = shards[index]
    const place = chunk.shards[column]
    assert(shard !== undefined && place !== undefined)
    if (toHex(shard.id) !== place.id) {
      throw storeFault('store/rebuild-differs', { expected: place.id, rebuilt: toHex(shard.id) })
    }
    await writerAt(writers, index).write(shard.footer, bodyBytes(chunk.shape))
    await writerAt(writers, index).commit(place.id)
  }
}

/** Waits for every write, the failed ones included: the slot is ours until the last has settled. */
async function settleAll(writes: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(writes)).find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function writerAt(writers: readonly ShardWriter[], index: number): ShardWriter {
  const writer = writers[index]
  assert(writer !== undefined)
  return writer
}
