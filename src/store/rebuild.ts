/** Lost or damaged shards of one chunk, computed anew from k good ones and written to the nodes given: byte-equal to what was lost. */
import { strict as assert } from 'node:assert'
import { toHex } from '#bytes/text'
import type { HasherHandle } from '#chunk/codec'
import { blockOffset, bodyBytes, storedBytesPerBlock, stripesOf, wholePages } from '#chunk/geometry'
import type { ClusterNode } from '#cluster/node'
import { isFault } from '#fault/fault'
import type { ShardWriter } from '#shard/store'
import { releaseWhen } from '#store/_lent-slots'
import { gatherColumns } from '#store/_load-stripe'
import type { ChunkRecord } from '#store/chunk-record'
import { answerOf, type ChunkStore, tidyUp } from '#store/chunk-store'
import { storeFault } from '#store/faults'

export interface RebuildTarget {
  readonly column: number
  readonly node: ClusterNode
}

export interface Rebuilt {
  /** Columns that rest durably where they should now. */
  readonly written: readonly number[]
  /** Of the targets that could not take theirs: a node's own fault, or `store/node-too-slow`. */
  readonly failures: readonly { readonly column: number; readonly error: Error }[]
}

/** A target while its shard is being written. `failed` is final. */
interface Writing extends RebuildTarget {
  writer: ShardWriter | undefined
  failed: Error | undefined
}

/**
 * Writes the targets' shards durably, as many as their nodes take: none waits for another's node. What lay under the same id on a target node
 * is replaced, and stays if that fails: it may be whole. `store/unreadable` when fewer than k columns are good. Nothing is recorded: the
 * caller records where the shards now rest.
 */
export async function rebuildShards(
  store: ChunkStore,
  chunk: ChunkRecord,
  { targets, signal }: { readonly targets: readonly RebuildTarget[]; readonly signal: AbortSignal },
): Promise<Rebuilt> {
  const columns = targets.map(({ column }) => column)
  const identity = {
    storeId: store.parts.keyring.storeId,
    chunkId: chunk.id,
    geometry: chunk.shape,
  }
  const hasher = await store.parts.codec.openHasher(identity, columns)
  const writings = await Promise.all(targets.map((target) => openTarget(store, target)))
  try {
    for (let stripe = 0; stripe < stripesOf(chunk.shape) && writings.some(isLive); stripe += 1)
      await rebuildStripe(store, chunk, { stripe, writings, hasher, signal })
    if (writings.some(isLive)) await commitShards(store, chunk, { writings, hasher })
    return {
      written: writings.filter(isLive).map(({ column }) => column),
      failures: writings.flatMap(({ column, failed: error }) =>
        error === undefined ? [] : [{ column, error }],
      ),
    }
  } finally {
    await tidyUp(
      store.parts,
      writings.map(({ writer }) => writer?.abort() ?? Promise.resolve()), // a no-op once committed
    )
    await hasher.close()
  }
}

async function openTarget(store: ChunkStore, target: RebuildTarget): Promise<Writing> {
  const writing: Writing = { ...target, writer: undefined, failed: undefined }
  const created = target.node.stores.shards.create()
  try {
    writing.writer = await answerOf(store.parts, target.node, created)
  } catch (error) {
    void created.then((writer) => writer.abort()).catch(() => {}) // nobody waits for it any more
    fail(store, writing, error)
  }
  return writing
}

async function rebuildStripe(
  store: ChunkStore,
  chunk: ChunkRecord,
  {
    stripe,
    writings,
    hasher,
    signal,
  }: {
    readonly stripe: number
    readonly writings: readonly Writing[]
    readonly hasher: HasherHandle
    readonly signal: AbortSignal
  },
): Promise<void> {
  const { codec } = store.parts
  const columns = writings.map(({ column }) => column)
  const avoid = new Set(columns)
  const { slot, present } = await gatherColumns(store, {
    chunk,
    stripe,
    avoid,
    waitedMs: 0,
    signal,
  })
  const unanswered = new Set<Promise<void>>()
  try {
    const lost = columns.filter((column) => !present.includes(column))
    const bytes = storedBytesPerBlock(chunk.shape, stripe)
    await codec.rebuildBlocks(slot, { geometry: chunk.shape, present, lost, bytes })
    await hasher.absorb(slot, bytes)
    const padded = wholePages(bytes)
    const offset = blockOffset(chunk.shape, stripe)
    await Promise.all(
      writings.filter(isLive).map((writing) => {
        const start = writing.column * chunk.shape.blockBytes
        const write = writing.writer.write(slot.bytes.subarray(start, start + padded), offset)
        unanswered.add(write)
        const answered = (): void => void unanswered.delete(write)
        write.then(answered, answered)
        return attempt(store, writing, write)
      }),
    )
  } finally {
    // A disk that has not answered in time still reads the slot.
    if (unanswered.size === 0) codec.slots.release(slot)
    else void releaseWhen(store, slot, Promise.allSettled(unanswered))
  }
}

async function commitShards(
  store: ChunkStore,
  chunk: ChunkRecord,
  { writings, hasher }: { readonly writings: readonly Writing[]; readonly hasher: HasherHandle },
): Promise<void> {
  const shards = await hasher.finish(chunk.shape.bytes)
  await Promise.all(
    writings.map(async (writing, index) => {
      const shard = shards[index]
      const place = chunk.shards[writing.column]
      assert(shard !== undefined && place !== undefined)
      if (toHex(shard.id) !== place.id) {
        throw storeFault('store/rebuild-differs', { expected: place.id, rebuilt: toHex(shard.id) })
      }
      if (isLive(writing))
        await attempt(store, writing, writing.writer.write(shard.footer, bodyBytes(chunk.shape)))
      if (isLive(writing)) await attempt(store, writing, writing.writer.commit(place.id))
    }),
  )
}

function isLive(writing: Writing): writing is Writing & { readonly writer: ShardWriter } {
  return writing.failed === undefined && writing.writer !== undefined
}

/** Waits for a node's work, but only so long: what fails, or takes longer, ends this shard. */
async function attempt(store: ChunkStore, writing: Writing, work: Promise<unknown>): Promise<void> {
  try {
    await answerOf(store.parts, writing.node, work)
  } catch (error) {
    fail(store, writing, error)
  }
}

/** A hanging node is told to the cluster. One that refuses is not: it may be back in a moment, and would be held down for a minute. */
function fail({ parts: { cluster } }: ChunkStore, writing: Writing, error: unknown): void {
  writing.failed = error instanceof Error ? error : new Error(String(error))
  if (isFault(error, 'store/node-too-slow')) void cluster.reportFailure(writing.node.number, error)
}
