/**
 * Memory for blocks, used again, and shared with the threads that seal and code them where they lie: fresh pages cost more than hashing what comes
 * into them, buffers that are moved from thread to thread make the collector count them each time, and copies into a kernel's own memory
 * cost twice what the code does. It is one WebAssembly memory, whose pages are only there once they are written to.
 */
import { blockTagBytes } from '#content/seal'
import { type Coding, coderBytes, roomBehind } from '#content/shards'

const pageBytes = 65536
/** Blocks and their shards: those of an upload of 3 from 5 take 70 MiB, of 3 from 14 some 195 MiB. */
const blocksBytes = 256 * 1024 * 1024
/** What is taken begins at multiples of this, for copies word by word. */
const stepBytes = 64

/** By where it begins. */
interface Extent {
  readonly at: number
  readonly bytes: number
}

export class BlockMemory {
  readonly memory: WebAssembly.Memory
  /** So many threads have room for their work in it, one after another from its beginning. */
  readonly coders: number
  /** In order, and never two without something taken between them. */
  #free: readonly Extent[]
  readonly #taken = new Map<number, Extent>()

  constructor({ coders }: { readonly coders: number }) {
    const pages = (coders * coderBytes + blocksBytes) / pageBytes
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    this.coders = coders
    this.#free = [{ at: coders * coderBytes, bytes: blocksBytes }]
  }

  /** Holds anything: whoever takes it writes all of it. Fresh memory when there is no more of this, which nobody need give back. */
  take(bytes: number): Uint8Array<SharedArrayBuffer> {
    return this.tryTake(bytes) ?? new Uint8Array(new SharedArrayBuffer(bytes))
  }

  tryTake(bytes: number): Uint8Array<SharedArrayBuffer> | undefined {
    const wanted = Math.max(1, Math.ceil(bytes / stepBytes)) * stepBytes
    const index = this.#free.findIndex((extent) => extent.bytes >= wanted)
    const found = this.#free[index]
    if (found === undefined) return undefined
    const { at } = found
    this.#taken.set(at, { at, bytes: wanted })
    const left = { at: at + wanted, bytes: found.bytes - wanted }
    this.#free = this.#free.toSpliced(index, 1, ...(left.bytes > 0 ? [left] : []))
    return new Uint8Array(this.memory.buffer as SharedArrayBuffer, at, bytes) // it is made as shared
  }

  /** What was taken, once; nobody uses it any more, in any thread. */
  give({ buffer, byteOffset }: Uint8Array<SharedArrayBuffer>): void {
    const extent = buffer === this.memory.buffer ? this.#taken.get(byteOffset) : undefined
    if (extent === undefined) return
    this.#taken.delete(byteOffset)
    const touching = this.#free.filter((one) => isNext(one, extent))
    const at = Math.min(extent.at, ...touching.map((one) => one.at))
    const bytes = touching.reduce((sum, one) => sum + one.bytes, extent.bytes)
    this.#free = [...this.#free.filter((one) => !touching.includes(one)), { at, bytes }].sort(
      (one, other) => one.at - other.at,
    )
  }
}

function isNext(one: Extent, other: Extent): boolean {
  return one.at + one.bytes === other.at || other.at + other.bytes === one.at
}

/** Where a block becomes shards. */
export interface RoomyBlock {
  /** The block's plaintext, and `blockTagBytes` of room behind it. */
  readonly block: Uint8Array<SharedArrayBuffer>
  /** Behind that, for what its shards are more. */
  readonly room: Uint8Array<SharedArrayBuffer>
}

/** Memory for blocks of one coding. */
export class RoomyBlocks {
  readonly #memory: BlockMemory
  readonly #coding: Coding

  constructor(memory: BlockMemory, coding: Coding) {
    this.#memory = memory
    this.#coding = coding
  }

  /** Its plaintext and the rest hold anything. */
  take(plainBytes: number): RoomyBlock {
    const blockBytes = plainBytes + blockTagBytes
    const whole = this.#memory.take(blockBytes + roomBehind(blockBytes, this.#coding))
    return { block: whole.subarray(0, blockBytes), room: whole.subarray(blockBytes) }
  }

  /** As of `BlockMemory.give`. */
  give({ block }: RoomyBlock): void {
    this.#memory.give(block)
  }
}
