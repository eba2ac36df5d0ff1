/** One object out of a pack: from memory while the pack is open, else its bytes of one shard, else the same bytes computed from k others. */
import { copyOf } from '#bytes/copy'
import { toHex } from '#bytes/text'
import { aeadTagBytes, tryOpen } from '#crypto/aead'
import { isFault } from '#fault/fault'
import { gatherColumns, holderOf } from '#store/_load-stripe'
import type { ChunkRecord, PackedExtent } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { isSealedBy, type LockOptions, packedNonce, unwrapDataKey } from '#store/data-key'
import { storeFault } from '#store/faults'
import { endsWithin } from '#world/patience'

/** Its plaintext. `store/locked`; `store/unreadable` when neither its own shard nor any k columns give it. */
export async function readPacked(
  store: ChunkStore,
  extent: PackedExtent,
  { outerKey, signal }: { readonly signal: AbortSignal } & Pick<LockOptions, 'outerKey'>,
): Promise<Uint8Array> {
  const key = unwrapDataKey(store.parts.keyring, extent.key, { outerKey })
  return await readAs(store, extent, {
    signal,
    open: (sealed) => tryOpen(sealed, { key, nonce: packedNonce }),
  })
}

/** As it lies in the pack, authentic: ciphertext and tag. Locked or not. `store/unreadable` */
export async function readSealed(
  store: ChunkStore,
  extent: PackedExtent,
  { signal }: { readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const { keyring } = store.parts
  return await readAs(store, extent, {
    signal,
    open: (sealed) => (isSealedBy(keyring, extent.key, sealed) ? sealed : undefined),
  })
}

/** What `open` makes of the sealed bytes; of wrong ones it makes nothing. */
async function readAs(
  store: ChunkStore,
  extent: PackedExtent,
  {
    open,
    signal,
  }: {
    readonly open: (sealed: Uint8Array) => Uint8Array | undefined
    readonly signal: AbortSignal
  },
): Promise<Uint8Array> {
  const { chunkId, offset, bytes } = extent
  const id = toHex(chunkId)
  const pack = store.openPacks.get(id)
  if (pack !== undefined) {
    const found = open(pack.at(offset, bytes + aeadTagBytes))
    if (found === undefined) throw unreadable(extent, 'what is staged of it is not there')
    return found
  }
  if (store.missing.has(id)) throw unreadable(extent, 'it is staged on nodes that are away')
  const chunk = await store.chunk(chunkId)
  const place = placeOf(chunk, extent)
  const direct = await readDirectly(store, chunk, place)
  const found = direct && open(direct)
  if (found !== undefined) return found
  if (direct !== undefined) store.reportDamage(chunk, place.column, 'damaged')
  const computed = open(await compute(store, chunk, place, signal))
  if (computed === undefined) throw unreadable(extent, 'not authentic')
  return computed
}

interface Place {
  readonly column: number
  /** In the column. */
  readonly start: number
  /** With the tag. */
  readonly bytes: number
}

function placeOf({ shape }: ChunkRecord, { offset, bytes }: PackedExtent): Place {
  const column = Math.floor(offset / shape.blockBytes)
  return { column, start: offset - column * shape.blockBytes, bytes: bytes + aeadTagBytes }
}

/** From the shard it lies in; `undefined` when its node is gone, fails, or is slower than the hedge allows. */
async function readDirectly(
  store: ChunkStore,
  chunk: ChunkRecord,
  { column, start, bytes }: Place,
): Promise<Uint8Array | undefined> {
  const { cluster, world, telemetry } = store.parts
  const holder = holderOf(store, chunk, column)
  if (holder === undefined || store.stalled.has(holder.node.number)) return undefined
  const into = Buffer.allocUnsafeSlow(bytes)
  const began = world.monotonic()
  const read = holder.node.stores.shards.read(holder.id, into, { offset: start }).then(
    () => {
      cluster.observeRead(holder.node.number, world.monotonic() - began)
      telemetry.shardIo({ node: holder.node.id, direction: 'out', bytes })
      return into
    },
    (error: unknown) => {
      if (!isFault(error)) throw error
      void cluster.reportFailure(holder.node.number, error)
      if (error.kind === 'not-found' || error.kind === 'corrupt')
        store.reportDamage(chunk, column, 'missing')
      return undefined
    },
  )
  if (await endsWithin(world, cluster.slowAfterMs(), read)) return await read
  store.stalled.add(holder.node.number, read)
  return undefined
}

/** The same bytes of any k columns whose digests hold give those of the lost one. */
async function compute(
  store: ChunkStore,
  chunk: ChunkRecord,
  { column, start, bytes }: Place,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { codec } = store.parts
  const { shape } = chunk
  const avoid = new Set([column])
  const { slot, present } = await gatherColumns(store, { chunk, stripe: 0, avoid, signal })
  try {
    if (!present.includes(column)) {
      const blockBytes = shape.bytes / shape.profile.data
      await codec.rebuildBlocks(slot, {
        geometry: shape,
        present,
        lost: [column],
        bytes: blockBytes,
      })
    }
    const at = column * shape.blockBytes + start
    return copyOf(slot.bytes.subarray(at, at + bytes))
  } finally {
    codec.slots.release(slot)
  }
}

function unreadable({ chunkId, offset }: PackedExtent, reason: string): Error {
  return storeFault('store/unreadable', { chunk: toHex(chunkId), offset, reason })
}
