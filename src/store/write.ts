/**
 * Bytes into chunks: cut into stripes in slots, sealed and coded by the codec, written to the nodes that placement names.
 * Meets faults 1, 5, 6, 9 and 13: nothing is visible or referenced before the caller commits the returned records, and everything is
 * durable when they are returned.
 */

import { copyInto, copyOf } from '#bytes/copy'
import { freeAtOnce } from '#bytes/free'
import type { BodyDigests, SealerHandle } from '#chunk/codec'
import { blockPlainBytes, type Geometry, stripePlainBytes, stripesPerChunk } from '#chunk/geometry'
import type { Slot } from '#chunk/slots'
import type { DigestAlgorithm } from '#crypto/digest'
import type { Profile } from '#erasure/profile'
import { abortChunk, finishChunk, type OpenChunk, openChunk, writeStripe } from '#store/_open-chunk'
import type { ChunkRecord, Extent, ShardPlace } from '#store/chunk-record'
import { type ChunkStore, tidyUp } from '#store/chunk-store'

/** Stripes of one body that may be in the codec or on their way to disk, beside the one being received. */
const stripesInFlightMax = 3

export interface StoredBody {
  readonly bytes: number
  readonly digests: BodyDigests
  /** New chunks, durable on a quorum of nodes, referred to by nothing yet. */
  readonly chunks: readonly ChunkRecord[]
  readonly extents: readonly Extent[]
}

export interface WriteBodyOptions {
  readonly profile: Profile
  readonly digests: readonly DigestAlgorithm[]
  /** How long the stream will be, where that is known: decides on threads, not checked. */
  readonly bytes?: number | undefined
  /** Without it, what is stored cannot be read; see `data-key.ts`. */
  readonly outerKey?: Uint8Array | undefined
  readonly signal: AbortSignal
}

/**
 * Stores a whole stream. On return every chunk is durable on all nodes that are up, and on a quorum at the least; what did not land has
 * `node: undefined`, and is repair's once the caller has said `chunksRecorded`. `store/too-few-nodes`, `store/too-few-shards`,
 * `store/out-of-space`; or the stream's own error. After an error nothing is kept. The caller holds an activity of the store until its
 * commit, so that nothing is collected meanwhile.
 */
export async function writeBody(
  store: ChunkStore,
  stream: AsyncIterable<Uint8Array>,
  options: WriteBodyOptions,
): Promise<StoredBody> {
  const sealer = await store.parts.codec.openSealer(options.digests, { bytes: options.bytes })
  const body = new BodyWriter(store, sealer, options)
  try {
    for await (const piece of stream) await body.push(piece)
    return await body.end()
  } catch (error) {
    await body.abort()
    throw error
  } finally {
    await sealer.close()
  }
}

/** Deletes the shards of chunks that will never be referred to. Best effort: what it misses, garbage collection finds. */
export async function discardChunks(
  store: ChunkStore,
  chunks: readonly ChunkRecord[],
): Promise<void> {
  const remove = async ({ id, node }: ShardPlace): Promise<void> => {
    if (node !== undefined) await store.parts.cluster.node(node)?.stores.shards.remove(id)
  }
  const removals = chunks.flatMap(({ id, shards }) => {
    const late = store.late.settle(id, async (shard, hasArrived) => {
      if (hasArrived) await remove(shard).catch(() => {}) // collected
    })
    return [...shards.map(remove), late]
  })
  await tidyUp(store.parts, removals)
}

class BodyWriter {
  readonly #store: ChunkStore
  readonly #sealer: SealerHandle
  readonly #options: WriteBodyOptions
  readonly #geometry: Geometry
  readonly #stripeBytes: number
  readonly #stripesMax: number
  readonly #inFlight = new Set<Promise<void>>()
  readonly #finished: Promise<ChunkRecord>[] = []
  /** Bytes received before a slot was at hand: only under pressure, at most one stripe, for which there is room in the overflow. */
  #staged: Uint8Array[] = []
  /** Gives back what was taken of the overflow: for a whole stripe, kept for the next, so that a body under way does not wait again for each of them. */
  #giveBack: (() => void) | undefined
  #slot: Slot | undefined
  #filled = 0
  #chunk: OpenChunk | undefined
  #bytes = 0

  constructor(store: ChunkStore, sealer: SealerHandle, options: WriteBodyOptions) {
    this.#store = store
    this.#sealer = sealer
    this.#options = options
    this.#geometry = store.geometry(options.profile)
    this.#stripeBytes = stripePlainBytes(this.#geometry)
    this.#stripesMax = stripesPerChunk(this.#geometry, store.parts.chunkBytes)
  }

  /** Takes all of `piece`; the caller may reuse its memory once this returns. */
  async push(piece: Uint8Array): Promise<void> {
    this.#options.signal.throwIfAborted()
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(this.#stripeBytes - this.#filled, piece.length - at)
      const part = piece.subarray(at, at + taken)
      if (this.#slot !== undefined) this.#place(this.#slot, part)
      else if (this.#isScarce()) await this.#keep(part)
      else {
        this.#place(await this.#seize(), part)
        this.#giveRoom()
      }
      this.#filled += taken
      at += taken
      if (this.#filled === this.#stripeBytes) await this.#flush()
    }
  }

  async end(): Promise<StoredBody> {
    if (this.#filled > 0) await this.#flush()
    this.#giveRoom()
    if (this.#chunk !== undefined) this.#finish(this.#chunk)
    const chunks = await Promise.all(this.#finished)
    const digests = await this.#sealer.digests()
    const extents = chunks.map(({ id, shape }) => ({ chunkId: id, offset: 0, bytes: shape.bytes }))
    return { bytes: this.#bytes, digests, chunks, extents }
  }

  /** Waits for everything in flight, then removes what was written. */
  async abort(): Promise<void> {
    if (this.#slot !== undefined) this.#store.parts.codec.slots.release(this.#slot)
    this.#slot = undefined
    this.#dropStaged()
    this.#giveRoom()
    await Promise.allSettled(this.#inFlight)
    if (this.#chunk !== undefined) await abortChunk(this.#chunk)
    const settled = await Promise.allSettled(this.#finished)
    await discardChunks(
      this.#store,
      settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    )
  }

  /** A slow client must not sit on one of the last slots: while they are scarce it fills plain memory first. */
  #isScarce(): boolean {
    const { slots } = this.#store.parts.codec
    return slots.free <= slots.slots / 4
  }

  /** Waits while too much lies in plain memory already, and the client with us. */
  async #keep(part: Uint8Array): Promise<void> {
    const { bytes = Number.POSITIVE_INFINITY, signal } = this.#options
    const room = Math.min(this.#stripeBytes, Math.max(bytes - this.#bytes, part.length))
    this.#giveBack ??= await this.#store.overflow.writing.take(room, { signal })
    this.#staged.push(copyOf(part))
  }

  #dropStaged(): void {
    for (const piece of this.#staged) freeAtOnce(piece)
    this.#staged = []
  }

  #giveRoom(): void {
    this.#giveBack?.()
    this.#giveBack = undefined
  }

  #place(slot: Slot, part: Uint8Array): void {
    copyIn(slot, this.#geometry, this.#filled, part)
  }

  /** The slot being filled, with whatever was staged in it. */
  async #seize(): Promise<Slot> {
    if (this.#slot !== undefined) return this.#slot
    const slot = await this.#store.parts.codec.slots.acquire({ signal: this.#options.signal })
    let at = 0
    for (const piece of this.#staged) {
      copyIn(slot, this.#geometry, at, piece)
      at += piece.length
    }
    this.#dropStaged()
    this.#slot = slot
    return slot
  }

  /** Sends the stripe on its way. Returns when the body may go on receiving. */
  async #flush(): Promise<void> {
    const slot = await this.#seize()
    const bytes = this.#filled
    this.#slot = undefined
    this.#filled = 0
    this.#bytes += bytes
    try {
      this.#chunk ??= await openChunk(this.#store, this.#geometry, {
        sealer: this.#sealer,
        outerKey: this.#options.outerKey,
      })
    } catch (error) {
      this.#store.parts.codec.slots.release(slot)
      throw error
    }
    const chunk = this.#chunk
    const written = writeStripe(chunk, slot, bytes)
    this.#track(written)
    if (chunk.stripes === this.#stripesMax || bytes < this.#stripeBytes) this.#finish(chunk)
    while (this.#inFlight.size >= stripesInFlightMax) await Promise.race(this.#inFlight)
  }

  #finish(chunk: OpenChunk): void {
    this.#chunk = undefined
    const finished = finishChunk(chunk)
    finished.catch(() => {}) // awaited in `end` or `abort`
    this.#finished.push(finished)
  }

  #track(written: Promise<void>): void {
    const tracked: Promise<void> = written
      .catch(() => {})
      .finally(() => this.#inFlight.delete(tracked))
    this.#inFlight.add(tracked)
  }
}

/** Copies plaintext to its place in a full stripe's layout: `at` counts plaintext bytes from the stripe's start. */
function copyIn(slot: Slot, geometry: Geometry, at: number, piece: Uint8Array): void {
  const plain = blockPlainBytes(geometry)
  for (let from = 0; from < piece.length; ) {
    const position = at + from
    const column = Math.floor(position / plain)
    const start = position - column * plain
    const taken = Math.min(plain - start, piece.length - from)
    copyInto(slot.bytes, piece.subarray(from, from + taken), column * geometry.blockBytes + start)
    from += taken
  }
}
