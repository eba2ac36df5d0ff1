/**
 * A sealed block as shards, and back: padding, then Reed–Solomon over equal slices, as docs/formats/cdn-meta.md says. The code is `#erasure/matrix`'s.
 * Runs in browsers.
 */
import { contentFault } from '#content/faults'
import { requiredShardsMax, shardsMax } from '#content/metadata-rules'
import { type Erasure, openErasure, scratchBytes } from '#erasure/codec'

export interface Coding {
  /** Shards that give the block: 1 to 255. They come first. */
  readonly required: number
  /** All of them: `required` to 256. */
  readonly total: number
}

/** Shard `index` of a block is there, or `undefined`. */
export type ShardsThere = readonly (Uint8Array | undefined)[]

export interface SplitOptions {
  readonly wanted?: readonly number[]
  /** Memory that begins where the block ends, `roomBehind` bytes of it, for what is no part of the block. */
  readonly room?: Uint8Array | undefined
}

interface ShardBytes {
  readonly index: number
  readonly bytes: Uint8Array
}

/** Where tiles of the shards are coded: whatever a block's size, this and the kernel's scratch memory are all there is. */
const workBytes = 1024 * 1024
const pageBytes = 65536
/** Tiles begin where copies to and from shards go word by word: as far behind a multiple of 8 as the shard does. */
const wordBytes = 8
/** A multiple of the kernel's step. */
const stepBytes = 64
/** What a coder needs of a memory for itself. */
export const coderBytes = scratchBytes + workBytes

/** Where a coder has its `coderBytes`. */
export interface CoderPlace {
  readonly memory: WebAssembly.Memory
  /** A multiple of 64. */
  readonly offset: number
}

/** One for each thread: calls are synchronous. */
export class ShardCoder {
  readonly #erasure: Erasure
  readonly #memory: WebAssembly.Memory
  readonly #work: Uint8Array

  /** `#erasure/kernel-module`'s kernel, or a browser's own. Shards that lie in the same memory are coded there, others in copies. */
  constructor(kernel: WebAssembly.Module, { memory, offset }: CoderPlace = ownPlace()) {
    this.#erasure = openErasure(kernel, { memory, offset, bytes: scratchBytes })
    this.#memory = memory
    this.#work = new Uint8Array(memory.buffer, offset + scratchBytes, workBytes)
  }

  /**
   * The shards of a sealed block, or those of `wanted` in its order. Data shards are parts of `sealed`, without a copy, and go on in `room`, in which
   * padding and parity come to lie; without room, they and the data shards that end in padding have fresh memory. With one required shard, all are
   * the same memory.
   */
  splitBlock(
    sealed: Uint8Array,
    coding: Coding,
    options: SplitOptions = {},
  ): readonly Uint8Array[] {
    checkCoding(coding)
    const { wanted = range(0, coding.total), room } = options
    const whole = room && joined(sealed, room)
    const data = sliced(sealed, coding.required, whole)
    const [first] = data
    if (first === undefined) return []
    if (coding.required === 1) return wanted.map(() => first.bytes)
    const { length } = first.bytes
    const parity = wanted
      .filter((index) => index >= coding.required)
      .map((index) => ({
        index,
        bytes: whole?.subarray(index * length, (index + 1) * length) ?? new Uint8Array(length),
      }))
    this.#combine(data, parity, coding)
    const shards = new Map([...data, ...parity].map(({ index, bytes }) => [index, bytes]))
    return wanted.flatMap((index) => shards.get(index) ?? [])
  }

  /**
   * The sealed block, in `room` or in fresh memory where that is too small, from the first `required` shards that are there, by index. Data shards may
   * lie in the room already, one behind the other. The block may be anything when one of them is not what was stored: `openBlock` knows.
   * `content/too-few-shards`; `content/damaged-shards` when they cannot be shards of one block.
   */
  joinShards(
    shards: ShardsThere,
    coding: Coding,
    { room }: { readonly room?: Uint8Array } = {},
  ): Uint8Array {
    checkCoding(coding)
    const { required } = coding
    const there = shards.flatMap((bytes, index) => (bytes === undefined ? [] : { index, bytes }))
    const known = there.slice(0, required)
    if (known.length < required) {
      throw contentFault('content/too-few-shards', { present: there.length, required })
    }
    const length = known[0]?.bytes.length ?? 0
    if (!known.every(({ bytes }) => bytes.length === length)) {
      throw contentFault('content/damaged-shards', { reason: 'they are not of one length' })
    }
    const paddedBytes = required * length
    const hasRoom = room !== undefined && room.length >= paddedBytes
    const padded = hasRoom ? room.subarray(0, paddedBytes) : new Uint8Array(paddedBytes)
    const slices = range(0, required).map((index) => ({
      index,
      bytes: padded.subarray(index * length, (index + 1) * length),
    }))
    for (const { index, bytes } of known) {
      const slice = slices[index]?.bytes
      if (slice !== undefined && !isThere(bytes, slice)) slice.set(bytes)
    }
    const present = new Set(known.map(({ index }) => index))
    const lost = slices.filter(({ index }) => !present.has(index))
    this.#combine(known, lost, coding)
    return unpadded(padded, required)
  }

  /** Writes the shards `wanted` from those known, which are `required` of equal length. */
  #combine(
    known: readonly ShardBytes[],
    wanted: readonly ShardBytes[],
    { required, total }: Coding,
  ): void {
    const length = known[0]?.bytes.length ?? 0
    if (wanted.length === 0 || length === 0) return
    const profile = { data: required, parity: total - required }
    const stride = Math.floor(workBytes / (known.length + wanted.length) / stepBytes) * stepBytes
    const tileBytes = stride - stepBytes // room for where it begins
    const tiles = [...known, ...wanted].map((shard, slot) => this.#tileOf(shard, slot * stride))
    const [sources, targets] = [tiles.slice(0, known.length), tiles.slice(known.length)]
    const at = (tile: Tile, from: number) => ({ index: tile.index, offset: tile.offsetOf(from) })
    for (let from = 0; from < length; from += tileBytes) {
      const end = Math.min(length, from + tileBytes)
      for (const { copy, bytes } of sources) copy?.set(bytes.subarray(from, end))
      this.#erasure.rebuild(profile, {
        present: sources.map((tile) => at(tile, from)),
        lost: targets.map((tile) => at(tile, from)),
        bytes: end - from,
      })
      for (const { copy, bytes } of targets) {
        if (copy !== undefined) bytes.set(copy.subarray(0, end - from), from)
      }
    }
  }

  #tileOf({ index, bytes }: ShardBytes, slotAt: number): Tile {
    const { buffer, byteOffset } = bytes
    if (buffer === this.#memory.buffer) {
      return { index, bytes, copy: undefined, offsetOf: (from) => byteOffset + from }
    }
    const copy = this.#work.subarray(slotAt + (byteOffset % wordBytes))
    return { index, bytes, copy, offsetOf: () => copy.byteOffset }
  }
}

/** A shard, and where the part of it is that is being worked on. */
interface Tile extends ShardBytes {
  /** Of that part, unless the shard can be worked on where it lies. */
  readonly copy: Uint8Array | undefined
  readonly offsetOf: (from: number) => number
}

function ownPlace(): CoderPlace {
  const pages = coderBytes / pageBytes
  return {
    memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }),
    offset: 0,
  }
}

/** What all shards of a block of so many bytes take beyond the block itself, one behind the other. */
export function roomBehind(blockBytes: number, { required, total }: Coding): number {
  const shardBytes = Math.floor(blockBytes / required) + 1
  return (required === 1 ? 1 : total) * shardBytes - blockBytes
}

/** One view of both, when one ends where the other begins. */
function joined(block: Uint8Array, room: Uint8Array): Uint8Array | undefined {
  const { buffer, byteOffset, length } = block
  const isBehind = buffer === room.buffer && byteOffset + length === room.byteOffset
  return isBehind ? new Uint8Array(buffer, byteOffset, length + room.length) : undefined
}

function isThere(bytes: Uint8Array, place: Uint8Array): boolean {
  return bytes.buffer === place.buffer && bytes.byteOffset === place.byteOffset
}

function checkCoding({ required, total }: Coding): void {
  const isPossible =
    Number.isInteger(required) &&
    Number.isInteger(total) &&
    required >= 1 &&
    required <= Math.min(total, requiredShardsMax) &&
    total <= shardsMax
  if (!isPossible) throw contentFault('content/metadata-impossible', { required, total })
}

/** The block with 1 to `count` bytes of padding, each of which says how many there are, as `count` equal slices: of `whole`, where there is one. */
function sliced(
  block: Uint8Array,
  count: number,
  whole: Uint8Array | undefined,
): readonly ShardBytes[] {
  const padding = count - (block.length % count)
  const length = (block.length + padding) / count
  whole?.fill(padding, block.length, block.length + padding)
  return range(0, count).map((index) => {
    const [from, to] = [index * length, (index + 1) * length]
    if (to <= block.length) return { index, bytes: block.subarray(from, to) }
    if (whole !== undefined) return { index, bytes: whole.subarray(from, to) }
    const bytes = new Uint8Array(length).fill(padding)
    bytes.set(block.subarray(from, to))
    return { index, bytes }
  })
}

function unpadded(padded: Uint8Array, required: number): Uint8Array {
  const padding = padded.at(-1) ?? 0
  const end = padded.length - padding
  const isPadding = padding >= 1 && padding <= required && end >= 0
  if (!isPadding || !padded.subarray(end).every((byte) => byte === padding)) {
    throw contentFault('content/damaged-shards', { reason: 'the block does not end in padding' })
  }
  return padded.subarray(0, end)
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
