/**
 * The codec's work on slots, synchronous, one engine per thread over the same shared memory. `codec.ts` runs it in the caller's thread,
 * `_worker.ts` in another one; the results are the same bytes.
 */
import { strict as assert } from 'node:assert'
import { blockDigest, blockDigestBytes, encodeFooter, footerBytes } from '#chunk/footer'
import {
  blockPlainBytes,
  columnsOf,
  type Geometry,
  type Shape,
  stripePlainBytes,
  stripesOf,
  tailPlainBytes,
  wholePages,
} from '#chunk/geometry'
import { aeadNonceBytes, aeadTagBytes, openInPlace, sealInPlace } from '#crypto/aead'
import { Blake3 } from '#crypto/blake3'
import { type Digest, type DigestAlgorithm, openDigest } from '#crypto/digest'
import { Md5Lanes, type Md5Piece, md5ScratchBytes } from '#crypto/md5-lanes'
import { type Erasure, openErasure, scratchBytes } from '#erasure/codec'
import { kernelModule } from '#erasure/kernel-module'

export interface ChunkIdentity {
  readonly storeId: Uint8Array
  readonly chunkId: Uint8Array
  readonly geometry: Geometry
}

/** What a finished chunk's shards end in, and their names. */
export interface FinishedShard {
  readonly index: number
  readonly footer: Uint8Array
  /** BLAKE3 of the whole shard, 32 bytes. */
  readonly id: Uint8Array
}

export interface BlockInSlot {
  readonly column: number
  /** Stored bytes. */
  readonly bytes: number
}

/** AES-GCM nonce of a block: its number in the chunk. The chunk's random key seals each number once. */
export function blockNonce(number: number): Uint8Array {
  const nonce = new Uint8Array(aeadNonceBytes)
  new DataView(nonce.buffer).setUint32(aeadNonceBytes - 4, number)
  return nonce
}

/** Where the plaintext lies that fills a slot in the layout of a full stripe. */
export function plaintextPieces(
  slot: number,
  geometry: Geometry,
  bytes: number,
): readonly Md5Piece[] {
  const full = blockPlainBytes(geometry)
  return Array.from({ length: Math.ceil(bytes / full) }, (_, column) => ({
    offset: slot + column * geometry.blockBytes,
    bytes: Math.min(full, bytes - column * full),
  }))
}

/** The memory that an engine works in beside the slots. */
export const engineScratchBytes = scratchBytes + md5ScratchBytes

export class CodecEngine {
  readonly md5: Md5Lanes
  readonly #memory: WebAssembly.Memory
  readonly #erasure: Erasure

  /** `scratch`: the offset, a multiple of 64, of `engineScratchBytes` that belong to this engine alone. */
  constructor(memory: WebAssembly.Memory, scratch: number) {
    this.#memory = memory
    this.#erasure = openErasure(kernelModule, { memory, offset: scratch, bytes: scratchBytes })
    this.md5 = new Md5Lanes(memory, scratch + scratchBytes)
  }

  view(offset: number, bytes: number): Buffer {
    return Buffer.from(this.#memory.buffer, offset, bytes)
  }

  openSealer(digests: readonly DigestAlgorithm[]): Sealer {
    return new Sealer(this, digests)
  }

  openRebuilder(identity: ChunkIdentity, lost: readonly number[]): ShardHasher {
    return new ShardHasher(this, identity, lost)
  }

  /** Turns sealed blocks into plaintext where they lie. The columns that are not authentic are returned, their bytes undefined. */
  openBlocks(slot: number, { geometry, key, stripe, blocks }: OpenBlocks): readonly number[] {
    const damaged: number[] = []
    for (const { column, bytes } of blocks) {
      const block = this.view(slot + column * geometry.blockBytes, bytes)
      const nonce = blockNonce(stripe * geometry.profile.data + column)
      if (!openInPlace(block, { key, nonce })) damaged.push(column)
    }
    return damaged
  }

  /** The columns whose block does not match its digest. */
  checkBlocks(slot: number, { geometry, blocks }: CheckBlocks): readonly number[] {
    return blocks
      .filter(({ column, bytes, digest }) => {
        const block = this.view(slot + column * geometry.blockBytes, bytes)
        return Buffer.compare(blockDigest(block), digest) !== 0
      })
      .map(({ column }) => column)
  }

  /** Computes the lost columns' blocks from k present ones. */
  rebuildBlocks(slot: number, { geometry, present, lost, bytes }: RebuildBlocks): void {
    const at = (index: number) => ({ index, offset: slot + index * geometry.blockBytes })
    this.#erasure.rebuild(geometry.profile, { present: present.map(at), lost: lost.map(at), bytes })
  }

  encode(slot: number, geometry: Geometry, bytes: number): void {
    const { data, parity } = geometry.profile
    const offsets = Array.from({ length: data + parity }, (_, i) => slot + i * geometry.blockBytes)
    this.#erasure.encode(geometry.profile, {
      data: offsets.slice(0, data),
      parity: offsets.slice(data),
      bytes,
    })
  }
}

export interface OpenBlocks {
  readonly geometry: Geometry
  readonly key: Uint8Array
  readonly stripe: number
  readonly blocks: readonly BlockInSlot[]
}
export interface CheckBlocks {
  readonly geometry: Geometry
  readonly blocks: readonly (BlockInSlot & { readonly digest: Uint8Array })[]
}
export interface RebuildBlocks {
  readonly geometry: Geometry
  readonly present: readonly number[]
  readonly lost: readonly number[]
  readonly bytes: number
}

/** Hashes some columns of a chunk, stripe by stripe, into footers and shard ids. */
export class ShardHasher {
  readonly #engine: CodecEngine
  readonly #identity: ChunkIdentity
  readonly #columns: readonly {
    readonly index: number
    readonly hash: Blake3
    readonly digests: Uint8Array[]
  }[]

  constructor(engine: CodecEngine, identity: ChunkIdentity, columns: readonly number[]) {
    this.#engine = engine
    this.#identity = identity
    this.#columns = columns.map((index) => ({ index, hash: new Blake3(), digests: [] }))
  }

  /** Takes the stripe's blocks of `bytes` stored bytes, and zeroes the rest of their last page. */
  absorb(slot: number, bytes: number): void {
    const { blockBytes } = this.#identity.geometry
    const padded = wholePages(bytes)
    for (const { index, hash, digests } of this.#columns) {
      const block = this.#engine.view(slot + index * blockBytes, padded)
      block.fill(0, bytes)
      digests.push(Uint8Array.from(blockDigest(block.subarray(0, bytes))))
      hash.update(block)
    }
  }

  finish(chunkBytes: number): readonly FinishedShard[] {
    const { storeId, chunkId, geometry } = this.#identity
    const shape: Shape = { ...geometry, bytes: chunkBytes }
    const stripes = stripesOf(shape)
    return this.#columns.map(({ index, hash, digests }) => {
      assert(digests.length === stripes)
      const table = new Uint8Array(stripes * blockDigestBytes)
      for (const [stripe, digest] of digests.entries()) table.set(digest, stripe * blockDigestBytes)
      const footer = encodeFooter({ storeId, chunkId, index, shape, digests: table })
      assert(footer.length === footerBytes(shape))
      return { index, footer, id: hash.update(footer).digest() }
    })
  }
}

/** Seals a body's stripes in order: digests over the plaintext, cipher, parity, shard hashes. Lives for one body, many chunks. */
export class Sealer {
  readonly #engine: CodecEngine
  readonly #digests: readonly { readonly algorithm: DigestAlgorithm; readonly digest: Digest }[]
  #chunk:
    | { readonly identity: ChunkIdentity; readonly key: Uint8Array; readonly hasher: ShardHasher }
    | undefined
  #stripe = 0
  #bytes = 0

  constructor(engine: CodecEngine, digests: readonly DigestAlgorithm[]) {
    this.#engine = engine
    this.#digests = digests.map((algorithm) => ({ algorithm, digest: openDigest(algorithm) }))
  }

  beginChunk(identity: ChunkIdentity, key: Uint8Array): void {
    const columns = Array.from(
      { length: columnsOf(identity.geometry.profile) },
      (_, index) => index,
    )
    this.#chunk = { identity, key, hasher: new ShardHasher(this.#engine, identity, columns) }
    this.#stripe = 0
    this.#bytes = 0
  }

  /**
   * `bytes` of plaintext lie in the slot in the layout of a full stripe. When they do not fill it this is the chunk's last stripe, and
   * they are spread evenly. A pack's columns lie there as they are, `bytes` in all, and its objects are sealed already. Returns the stored
   * bytes of each block; the slot then holds all columns, ready to be written.
   */
  sealStripe(slot: number, bytes: number): number {
    assert(this.#chunk !== undefined)
    const { identity, key, hasher } = this.#chunk
    const { geometry } = identity
    const stored =
      geometry.isPacked === true
        ? bytes / geometry.profile.data
        : this.#seal(slot, { geometry, key, bytes })
    this.#engine.encode(slot, geometry, stored)
    hasher.absorb(slot, stored)
    this.#stripe += 1
    this.#bytes += bytes
    return stored
  }

  #seal(
    slot: number,
    {
      geometry,
      key,
      bytes,
    }: { readonly geometry: Geometry; readonly key: Uint8Array; readonly bytes: number },
  ): number {
    const full = blockPlainBytes(geometry)
    for (const piece of plaintextPieces(slot, geometry, bytes)) {
      const plaintext = this.#engine.view(piece.offset, piece.bytes)
      for (const { digest } of this.#digests) digest.update(plaintext)
    }
    const plain = bytes === stripePlainBytes(geometry) ? full : tailPlainBytes(geometry, bytes)
    if (plain < full) this.#spread(slot, geometry, bytes)
    const { data } = geometry.profile
    for (let column = 0; column < data; column += 1) {
      const block = this.#engine.view(slot + column * geometry.blockBytes, plain + aeadTagBytes)
      sealInPlace(block, { key, nonce: blockNonce(this.#stripe * data + column) })
    }
    return plain + aeadTagBytes
  }

  endChunk(): readonly FinishedShard[] {
    assert(this.#chunk !== undefined && this.#bytes > 0)
    const shards = this.#chunk.hasher.finish(this.#bytes)
    this.#chunk = undefined
    return shards
  }

  /** Digests of the whole body; the sealer is spent. */
  digests(): Partial<Record<DigestAlgorithm, Uint8Array>> {
    return Object.fromEntries(
      this.#digests.map(({ algorithm, digest }) => [algorithm, digest.digest()]),
    )
  }

  /** From full-stripe layout to even blocks, zero padded. Last column first: each target lies behind all sources still needed. */
  #spread(slot: number, geometry: Geometry, bytes: number): void {
    const full = blockPlainBytes(geometry)
    const plain = tailPlainBytes(geometry, bytes)
    const { blockBytes, profile } = geometry
    const stripe = this.#engine.view(slot, profile.data * blockBytes)
    for (let column = profile.data - 1; column >= 0; column -= 1) {
      const first = Math.min(column * plain, bytes)
      const end = Math.min(first + plain, bytes)
      const target = column * blockBytes
      // A target block draws from at most two source blocks; the later one must move first.
      const border = Math.min(end, (Math.floor(first / full) + 1) * full)
      for (const [from, to] of [
        [border, end],
        [first, border],
      ] as const) {
        if (to <= from) continue
        const source = Math.floor(from / full) * blockBytes + (from % full)
        stripe.copyWithin(target + (from - first), source, source + (to - from))
      }
      stripe.fill(0, target + (end - first), target + plain)
    }
  }
}
