/** What the threads of a block codec do, one call after another. Blocks lie in memory that all threads share; what has memory of its own is moved to them. */
import { buffersOf } from '#content/_moved-buffers'
import { contentFault } from '#content/faults'
import type { Block } from '#content/metadata'
import { recoverBlock } from '#content/recover-block'
import {
  blockTagBytes,
  contentHashOf,
  isSealedBlock,
  openWholeBlock,
  sealBlock,
  shorten,
} from '#content/seal'
import { type CoderPlace, type Coding, ShardCoder, type ShardsThere } from '#content/shards'
import { Blake3 } from '#crypto/blake3'
import { kernelModule } from '#erasure/kernel-module'
import { isFault } from '#fault/fault'

export interface SealCall {
  /** Plaintext, and `blockTagBytes` of room. */
  readonly block: Uint8Array
  readonly nonce: Uint8Array
  /** What makes the key one by chance; without, it is the hash of the plaintext. */
  readonly salt: Uint8Array | undefined
  readonly coding: Coding
  /** `roomBehind` the block, for what is no part of it. */
  readonly room: Uint8Array
}
export interface Sealed {
  /** The key, in the field that the format has for it. */
  readonly contentHash: Uint8Array
  readonly encryptedHash: Uint8Array
  /** All shards, in order, in the block's memory and the room. */
  readonly shards: readonly Uint8Array[]
}

export interface OpenCall {
  readonly shards: ShardsThere
  readonly coding: Coding
  readonly block: Pick<Block, 'contentHash' | 'encryptedHash' | 'nonce'>
  /** All shards that can be had are there: damaged ones are to be found, and none is asked for. */
  readonly isAll: boolean
  /** For `required` shards, which may lie there already. */
  readonly room: Uint8Array
}
export interface Opened {
  /** In the room, or in memory of its own when damaged shards were looked for. */
  readonly plaintext: Uint8Array
  /** Which of those that were there are not the block's. Only looked for when `isAll`, or when the first ones did not give the block. */
  readonly damaged: readonly number[]
}

export interface RebuildCall extends OpenCall {
  /** Shards to make anew. */
  readonly wanted: readonly number[]
}

/** Names, inputs and results. */
export interface BlockCalls {
  readonly seal: readonly [SealCall, Sealed]
  readonly open: readonly [OpenCall, Opened]
  readonly rebuild: readonly [RebuildCall, readonly Uint8Array[]]
}
export type BlockCallName = keyof BlockCalls

export class BlockDesk {
  readonly #coder: ShardCoder

  constructor(place: CoderPlace) {
    this.#coder = new ShardCoder(kernelModule, place)
  }

  perform<Name extends BlockCallName>(name: Name, input: BlockCalls[Name][0]): unknown {
    switch (name as BlockCallName) {
      case 'seal':
        return this.#seal(input as SealCall) // by its name
      case 'open':
        return this.#open(input as OpenCall) // by its name
      case 'rebuild':
        return this.#rebuild(input as RebuildCall) // by its name
    }
  }

  #seal({ block, nonce, salt, coding, room }: SealCall): Sealed {
    const plain = contentHashOf(block.subarray(0, block.length - blockTagBytes))
    const contentHash = salt === undefined ? plain : saltedKey(salt, plain)
    const encryptedHash = sealBlock(block, { key: contentHash, nonce })
    const shards = this.#coder.splitBlock(block, coding, { room })
    return { contentHash, encryptedHash, shards }
  }

  #open(call: OpenCall): Opened {
    const { sealed, damaged } = this.#recover(call)
    return { plaintext: openWholeBlock(sealed, call.block), damaged }
  }

  #rebuild(call: RebuildCall): readonly Uint8Array[] {
    const { sealed } = this.#recover(call)
    return this.#coder.splitBlock(sealed, call.coding, { wanted: call.wanted })
  }

  /** `content/hash-differs`: with more shards it may be found which of these are damaged. */
  #recover({ shards, coding, block, isAll, room }: OpenCall) {
    const isWhole = (sealed: Uint8Array): boolean => isSealedBlock(sealed, block)
    try {
      if (isAll) return recoverBlock(this.#coder, { shards, coding, isWhole })
      const sealed = this.#coder.joinShards(shards, coding, { room })
      if (isWhole(sealed)) return { sealed, damaged: [] }
    } catch (error) {
      if (isAll || !isFault(error, 'content/damaged-shards')) throw error
    } finally {
      freeAll(shards)
    }
    throw contentFault('content/hash-differs')
  }
}

/** Nobody else has the memory of shards that were moved here: it goes back at once, before a collector thinks of it. */
function freeAll(shards: ShardsThere): void {
  for (const buffer of buffersOf(shards)) if (!buffer.detached) buffer.transfer(0)
}

/**
 * By chance, as the salt is, and yet never the same for two plaintexts: a run that goes on after an interruption, with the same salt and nonce and
 * a file that has changed meanwhile, seals nothing else under a key and nonce that were used.
 */
function saltedKey(salt: Uint8Array, plain: Uint8Array): Uint8Array {
  return shorten(new Blake3().update(salt).update(plain).digest())
}
