/**
 * MD5 (RFC 1321) of bytes that lie in a WebAssembly memory, up to four messages at once: `kernel/md5.ts`. Four side by side cost about as
 * much as one and a half alone, so callers gain by bringing several.
 */
import { strict as assert } from 'node:assert'
import { type Md5Kernel, openMd5Kernel } from '#crypto/_md5-kernel'

/** Messages that advance together. */
export const md5LanesMax = 4

const blockBytes = 64
const stateWords = 4
const stateBytes = 4 * stateWords
const statesAt = 256
const sourcesAt = statesAt + md5LanesMax * stateBytes
/** Where blocks are put together whose bytes do not lie together; the kernel's own words come before. */
const stagesAt = 768

/** The memory that a `Md5Lanes` works in. */
export const md5ScratchBytes = stagesAt + md5LanesMax * blockBytes

const firstState = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]

/** Bytes of a message that lie together in the memory, at any address. */
export interface Md5Piece {
  readonly offset: number
  readonly bytes: number
}

/** What goes on of one message: its next pieces, in order. */
export interface Md5Job {
  readonly stream: Md5Stream
  readonly pieces: readonly Md5Piece[]
}

/** One message being hashed: what is known after its last whole block, and the bytes since. */
export class Md5Stream {
  readonly state = Uint32Array.from(firstState)
  readonly tail = new Uint8Array(blockBytes)
  bytes = 0

  get tailBytes(): number {
    return this.bytes % blockBytes
  }
}

/** One per thread: calls are synchronous and use its scratch region. */
export class Md5Lanes {
  readonly #memory: Uint8Array
  readonly #kernel: Md5Kernel
  readonly #scratch: number
  readonly #states: Uint32Array
  readonly #sources: Uint32Array

  /** `scratch`: the offset, a multiple of 64, of `md5ScratchBytes` that belong to this object alone. */
  constructor(memory: WebAssembly.Memory, scratch: number) {
    assert(scratch % 64 === 0 && scratch + md5ScratchBytes <= memory.buffer.byteLength)
    this.#memory = new Uint8Array(memory.buffer)
    this.#kernel = openMd5Kernel(memory)
    this.#scratch = scratch
    const words = md5LanesMax * stateWords
    this.#states = new Uint32Array(memory.buffer, scratch + statesAt, words)
    this.#sources = new Uint32Array(memory.buffer, scratch + sourcesAt, md5LanesMax)
    new Uint32Array(memory.buffer, scratch, sines.length).set(sines)
  }

  /** Hashes all pieces of all jobs, of one to `md5LanesMax` different streams. Keeps nothing of the pieces' memory. */
  advance(jobs: readonly Md5Job[]): void {
    assert(jobs.length <= md5LanesMax)
    assert(new Set(jobs.map(({ stream }) => stream)).size === jobs.length)
    for (const { pieces } of jobs) this.#checkPieces(pieces)
    let lanes = jobs
      .map((job, index) => new Lane(job, this.#memory, this.#stage(index)))
      .filter((lane) => lane.seek())
    while (lanes.length > 0) {
      this.#run(lanes)
      lanes = lanes.filter((lane) => lane.seek())
    }
  }

  /** The digest of everything the stream was given: 16 bytes. The stream is spent. */
  digest(stream: Md5Stream): Uint8Array {
    const { bytes, tailBytes } = stream
    const blocks = tailBytes < blockBytes - 8 ? 1 : 2
    const end = new Uint8Array(blocks * blockBytes)
    end.set(stream.tail.subarray(0, tailBytes))
    end[tailBytes] = 0x80
    new DataView(end.buffer).setBigUint64(end.length - 8, BigInt(bytes) * 8n, true)
    this.#memory.set(end, this.#stage(0))
    this.#states.set(stream.state)
    this.#sources[0] = this.#stage(0)
    this.#kernel.md5x1(this.#scratch, blocks)
    return this.#memory.slice(this.#scratch + statesAt, this.#scratch + statesAt + stateBytes)
  }

  /** As many blocks as all lanes have lying ready. Lanes that nobody uses read what the first one reads. */
  #run(lanes: readonly Lane[]): void {
    const blocks = Math.min(...lanes.map((lane) => lane.blocks))
    this.#sources.fill(lanes[0]?.offset ?? 0)
    for (const [index, lane] of lanes.entries()) {
      this.#sources[index] = lane.offset
      this.#states.set(lane.stream.state, index * stateWords)
    }
    if (lanes.length === 1) this.#kernel.md5x1(this.#scratch, blocks)
    else this.#kernel.md5x4(this.#scratch, blocks)
    for (const [index, lane] of lanes.entries()) {
      const at = index * stateWords
      lane.stream.state.set(this.#states.subarray(at, at + stateWords))
      lane.take(blocks)
    }
  }

  #stage(lane: number): number {
    return this.#scratch + stagesAt + lane * blockBytes
  }

  /** The kernel trusts its arguments, so a wrong offset must stop here. */
  #checkPieces(pieces: readonly Md5Piece[]): void {
    for (const { offset, bytes } of pieces) {
      assert(Number.isSafeInteger(offset) && Number.isSafeInteger(bytes) && offset >= 0)
      assert(bytes >= 0 && offset + bytes <= this.#memory.length)
    }
  }
}

/** A job's way through its pieces: whole blocks where they lie, and those that straddle two pieces by way of the stage. */
class Lane {
  readonly stream: Md5Stream
  /** Blocks that lie together at `offset`, ready for the kernel; valid after `seek` returned true. */
  blocks = 0
  offset = 0
  readonly #pieces: readonly Md5Piece[]
  readonly #memory: Uint8Array
  readonly #stage: number
  #piece = 0
  #at = 0

  constructor({ stream, pieces }: Md5Job, memory: Uint8Array, stage: number) {
    this.stream = stream
    this.#pieces = pieces
    this.#memory = memory
    this.#stage = stage
  }

  /** Finds the next blocks; false when less than a block is left, which the stream then keeps. */
  seek(): boolean {
    while (this.blocks === 0) {
      const piece = this.#pieces[this.#piece]
      if (piece === undefined) return false
      this.#seekIn(piece)
    }
    return true
  }

  take(blocks: number): void {
    this.blocks -= blocks
    this.offset += blocks * blockBytes
  }

  #seekIn(piece: Md5Piece): void {
    const { stream } = this
    const left = piece.bytes - this.#at
    const from = piece.offset + this.#at
    if (stream.tailBytes === 0 && left >= blockBytes) {
      this.blocks = Math.floor(left / blockBytes)
      this.offset = from
      this.#pass(this.blocks * blockBytes)
      return
    }
    const taken = Math.min(blockBytes - stream.tailBytes, left)
    stream.tail.set(this.#memory.subarray(from, from + taken), stream.tailBytes)
    this.#pass(taken)
    if (taken === left) {
      this.#piece += 1
      this.#at = 0
    }
    if (taken === 0 || stream.tailBytes > 0) return
    this.#memory.set(stream.tail, this.#stage)
    this.blocks = 1
    this.offset = this.#stage
  }

  #pass(bytes: number): void {
    this.#at += bytes
    this.stream.bytes += bytes
  }
}

/** RFC 1321, 3.4: the integer part of 2^32 · |sin i|, i in radians. */
const sines = Uint32Array.from({ length: 64 }, (_, i) =>
  Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))),
)
