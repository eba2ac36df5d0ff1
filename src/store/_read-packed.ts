/** One object out of a pack: from memory while the pack is open, else its bytes of one shard, else the same bytes computed from k others. */
import { copyOf } from '#bytes/copy'
import { toHex } from '#bytes/text'
import { aeadTagBytes, tryOpen } from '#crypto/aead'
import { avoidedNode, endsInTime, overdue, readDeadlineMs } from '#store/_hedge'
import { type Gathering, gatherColumns } from '#store/_load-stripe'
import { readShard } from '#store/_read-shard'
import type { ChunkRecord, PackedExtent } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { isSealedBy, type LockOptions, packedNonce, unwrapDataKey } from '#store/data-key'
import { storeFault } from '#store/faults'

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

/** What it makes of sealed bytes; of wrong ones it makes nothing. */
type Open = (sealed: Uint8Array) => Uint8Array | undefined

/** What `open` makes of the sealed bytes. */
async function readAs(
  store: ChunkStore,
  extent: PackedExtent,
  {
    open,
    signal,
  }: {
    readonly open: Open
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
  const { column } = place
  const { world, cluster } = store.parts
  const wanted = { chunk, extent, place, open, signal }
  const avoided = avoidedNode(store, chunk, column)
  if (avoided !== undefined) {
    const original: Original = async (options) => {
      await store.stalled.answersAgain(avoided, options)
      return await readDirectly(store, wanted)
    }
    return await readHedged(store, { ...wanted, original, waitedMs: 0 })
  }
  const beganAt = world.monotonic()
  const direct = readDirectly(store, wanted)
  const patienceMs = cluster.slowAfterMs()
  const without = new Set([column])
  const awaited = { chunk, work: direct, without, patienceMs, limitMs: readDeadlineMs }
  if (await endsInTime(store, awaited)) {
    const found = await direct
    if (found !== undefined) return found
  } else overdue(store, chunk, column, direct)
  const original: Original = () => direct
  return await readHedged(store, { ...wanted, original, waitedMs: world.monotonic() - beganAt })
}

interface Wanted {
  readonly chunk: ChunkRecord
  readonly extent: PackedExtent
  readonly place: Place
  readonly open: Open
  readonly signal: AbortSignal
}

/** What the shard gives in which it lies, as soon as its node answers; `undefined` when it cannot. */
type Original = (options: { readonly signal: AbortSignal }) => Promise<Uint8Array | undefined>

/** What comes first: from its own shard, which may take long, or from k others. */
async function readHedged(
  store: ChunkStore,
  {
    original,
    waitedMs,
    ...wanted
  }: Wanted & { readonly original: Original; readonly waitedMs: number },
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const done = new AbortController()
  const signal = AbortSignal.any([wanted.signal, done.signal])
  original({ signal }).then((found) => found !== undefined && resolve(found), reject)
  compute(store, { ...wanted, waitedMs, signal }).then(resolve, reject)
  try {
    return await promise
  } finally {
    done.abort()
  }
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

/** From the shard in which it lies; `undefined` when its node cannot give it, or it is damaged. */
async function readDirectly(
  store: ChunkStore,
  { chunk, place: { column, start, bytes }, open }: Wanted,
): Promise<Uint8Array | undefined> {
  const into = Buffer.allocUnsafeSlow(bytes)
  if (!(await readShard(store, { chunk, column, into, offset: start }))) return undefined
  const opened = open(into)
  if (opened === undefined) store.reportDamage(chunk, column, 'damaged')
  return opened
}

/** The same bytes of any k columns whose digests hold give those of the lost one. */
async function compute(
  store: ChunkStore,
  { chunk, extent, place, open, waitedMs, signal }: Wanted & Pick<Gathering, 'waitedMs'>,
): Promise<Uint8Array> {
  const { codec } = store.parts
  const { shape } = chunk
  const { column, start, bytes } = place
  const avoid = new Set([column])
  const gathering = { chunk, stripe: 0, avoid, waitedMs, signal }
  const { slot, present } = await gatherColumns(store, gathering)
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
    const opened = open(copyOf(slot.bytes.subarray(at, at + bytes)))
    if (opened === undefined) throw unreadable(extent, 'not authentic')
    return opened
  } finally {
    codec.slots.release(slot)
  }
}

function unreadable({ chunkId, offset }: PackedExtent, reason: string): Error {
  return storeFault('store/unreadable', { chunk: toHex(chunkId), offset, reason })
}
