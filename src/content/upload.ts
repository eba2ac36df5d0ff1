/**
 * A file as sealed blocks, their shards on the uploader's backends, and the metadata that says where. Holds a bounded number of blocks at a time,
 * whatever the file's length.
 */
import { mayPass, type PlacedBackend, reasonOf } from '#content/backend'
import type { BlockCodec } from '#content/block-codec'
import type { RoomyBlock, RoomyBlocks } from '#content/block-memory'
import { type Block, contentNonceBytes, type FileMetadata } from '#content/metadata'
import { sniffMime } from '#content/mime-type'
import { blockTagBytes, shorten } from '#content/seal'
import type { Coding } from '#content/shards'
import { transferFault } from '#content/transfer-faults'
import { Blake3 } from '#crypto/blake3'
import { Fault } from '#fault/fault'
import { inLanes } from '#stream/lanes'
import type { Permits } from '#stream/permits'
import type { World } from '#world/world'

export const chunkBytesMin = 1024 * 1024
export const chunkBytesMax = 5 * 1024 * 1024
/** Blocks of one file on their way at a time. */
const blockLanes = 8
const saltBytes = 32

/** What was drawn by lot for a block. Only what an interrupted run may have used already is known: then shards may be there. */
export interface Lot {
  readonly nonce: Uint8Array
  /** Of private uploads. */
  readonly salt: Uint8Array | undefined
  readonly isKnown: boolean
}

/** Draws lots, and remembers them for a run that goes on after an interruption: before anything that depends on them is sent. */
export interface Lots {
  block(index: number, draw: () => Omit<Lot, 'isKnown'>): Promise<Lot>
  /** The nonce of the sealed metadata. */
  manifest(draw: () => Uint8Array): Promise<Uint8Array>
}

/** For those that nobody goes on with. */
export const forgottenLots: Lots = {
  block: async (_index, draw) => ({ ...draw(), isKnown: false }),
  manifest: async (draw) => draw(),
}

export interface UploadParts {
  readonly backends: readonly PlacedBackend[]
  readonly requiredShards: number
  readonly codec: BlockCodec
  /** In bytes of plaintext, for all files that are stored at the same time. */
  readonly memory: Permits
  /** Where blocks come from, and go when they are stored. */
  readonly roomyBlocks: RoomyBlocks
  readonly world: World
  readonly signal: AbortSignal
}

export interface FilePlan {
  readonly name: string
  /** Without: what its first bytes look like, or else what `mimeOfName` thinks. */
  readonly mime: string | undefined
  readonly mimeOfName: string
  /** Of every block but the last. */
  readonly chunkBytes: number
  /** So much of `memory` for each block: less than `chunkBytes` for short files. */
  readonly blockBytesMax: number
  readonly isPrivate: boolean
  readonly lots: Lots
  /** Blocks that the metadata has room for: more is `content/manifest-too-large`. */
  readonly blocksMax: number
  /** Once all that will be stored of these plaintext bytes is. */
  readonly onStored: (bytes: number) => void
}

/** A shard that a backend did not take. */
export interface MissingShard {
  readonly block: number
  readonly shard: number
  readonly backend: string
  readonly reason: string
}

export interface StoredFile {
  readonly metadata: FileMetadata
  readonly bytes: number
  /** Empty for a whole upload. What is there is enough to read the file, but not for readers that want all shards. */
  readonly missing: readonly MissingShard[]
}

/**
 * Stores every block of the source, which are `roomyBlocks`' and given back to it. `content/too-few-backends` when fewer than `requiredShards` of a block's shards were taken: then nothing can be read.
 * What a backend fails with is in `missing` otherwise.
 */
export async function storeFile(
  source: AsyncIterable<RoomyBlock>,
  plan: FilePlan,
  parts: UploadParts,
): Promise<StoredFile> {
  const blocks: Block[] = []
  const missing: MissingShard[] = []
  const reading = new FileReading(source, plan, parts)
  await inLanes(reading.blocks(), blockLanes, async (turn) => {
    try {
      const { block, missed } = await storeBlock(turn, plan, parts)
      blocks[turn.index] = block
      missing.push(...missed)
      plan.onStored(turn.bytes)
    } finally {
      turn.giveBack()
    }
  })
  const { name } = plan
  const { contentHash, mime, bytes } = reading.facts()
  missing.sort((one, other) => one.block - other.block || one.shard - other.shard)
  return { metadata: { kind: 'file', contentHash, name, mime, blocks }, bytes, missing }
}

interface Turn extends RoomyBlock {
  readonly index: number
  /** Of plaintext. */
  readonly bytes: number
  readonly lot: Lot
  readonly giveBack: () => void
}

/** What is learned of a file while its blocks are handed out, in order. */
class FileReading {
  readonly #source: AsyncIterable<RoomyBlock>
  readonly #plan: FilePlan
  readonly #parts: UploadParts
  readonly #whole = new Blake3()
  #sniffed: string | undefined
  #bytes = 0

  constructor(source: AsyncIterable<RoomyBlock>, plan: FilePlan, parts: UploadParts) {
    this.#source = source
    this.#plan = plan
    this.#parts = parts
  }

  async *blocks(): AsyncGenerator<Turn, void, undefined> {
    const { memory, signal } = this.#parts
    const { blockBytesMax, blocksMax, lots } = this.#plan
    const source = this.#source[Symbol.asyncIterator]()
    try {
      for (let index = 0; ; index += 1) {
        const giveBack = await memory.take(blockBytesMax)
        const next = await source.next()
        if (next.done === true) return giveBack()
        signal.throwIfAborted()
        if (index >= blocksMax) throw transferFault('content/manifest-too-large', { blocksMax })
        const { block, room } = next.value
        const bytes = block.length - blockTagBytes
        this.#learn(block.subarray(0, bytes), index)
        const lot = await lots.block(index, () => this.#draw())
        yield { index, block, room, bytes, lot, giveBack }
      }
    } finally {
      await source.return?.()
    }
  }

  /** Of the whole file, once it was read. */
  facts(): { readonly contentHash: Uint8Array; readonly mime: string; readonly bytes: number } {
    const { mime, mimeOfName } = this.#plan
    return {
      contentHash: shorten(this.#whole.digest()),
      mime: mime ?? this.#sniffed ?? mimeOfName,
      bytes: this.#bytes,
    }
  }

  #learn(plaintext: Uint8Array, index: number): void {
    this.#whole.update(plaintext)
    this.#bytes += plaintext.length
    if (index === 0) this.#sniffed = sniffMime(plaintext)
  }

  #draw(): Omit<Lot, 'isKnown'> {
    const { world } = this.#parts
    const nonce = world.randomBytes(contentNonceBytes)
    return { nonce, salt: this.#plan.isPrivate ? world.randomBytes(saltBytes) : undefined }
  }
}

async function storeBlock(
  { index, block, room, lot }: Turn,
  { chunkBytes }: Pick<FilePlan, 'chunkBytes'>,
  { backends, requiredShards, codec, roomyBlocks, signal }: UploadParts,
): Promise<{ readonly block: Block; readonly missed: readonly MissingShard[] }> {
  const { nonce, salt, isKnown } = lot
  const coding: Coding = { required: requiredShards, total: backends.length }
  const call = { block, nonce, salt, coding, room }
  const { contentHash, encryptedHash, shards } = await codec.seal(call)
  const results = await Promise.allSettled(
    backends.map(async ({ backend }, at) => {
      const shard = shards[at]
      if (shard === undefined || (isKnown && (await backend.has(encryptedHash)))) return
      await backend.put(encryptedHash, shard)
    }),
  )
  signal.throwIfAborted() // whoever was interrupted may still be sending
  roomyBlocks.give({ block, room })
  const missed = results.flatMap((result, shard): readonly MissingShard[] => {
    if (result.status === 'fulfilled') return []
    const backend = backends[shard]?.backend.name ?? ''
    return [{ block: index, shard, backend, reason: reasonOf(result.reason) }]
  })
  const stored = backends.length - missed.length
  const [first] = missed
  if (stored < requiredShards && first !== undefined) {
    const { backend, reason } = first
    throw transferFault('content/too-few-backends', {
      ...{ stored, required: requiredShards, total: backends.length },
      ...{ backend, reason },
    })
  }
  return {
    block: {
      shards: backends.map(({ location }) => location),
      requiredShards,
      startOffset: index * chunkBytes,
      endOffset: (index + 1) * chunkBytes - 1, // as if it were full, as all uploaders say
      contentHash,
      encryptedHash,
      nonce,
    },
    missed,
  }
}

/**
 * Asks every backend something. Those that do not answer are returned; what only other settings can mend (a login, a right, a database that is not
 * there) is thrown, before anything was sent.
 */
export async function findSilent(
  backends: readonly PlacedBackend[],
): Promise<readonly { readonly backend: string; readonly reason: string }[]> {
  const nothing = new Uint8Array(16)
  const results = await Promise.allSettled(backends.map(({ backend }) => backend.has(nothing)))
  return results.flatMap((result, index) => {
    if (result.status === 'fulfilled') return []
    const error: unknown = result.reason
    const backend = backends[index]?.backend.name ?? ''
    if (mayPass(error)) return [{ backend, reason: reasonOf(error) }]
    if (!(error instanceof Fault)) throw error
    const { remedy } = error.detail
    const detail = { backend, reason: reasonOf(error), remedy }
    throw transferFault('content/backend-unusable', detail, error)
  })
}
