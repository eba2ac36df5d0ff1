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

/** Memory that is used again: fresh pages cost more than the code. */
interface Room {
  readonly room?: Uint8Array
}

export interface SplitOptions extends Room {
  readonly wanted?: readonly number[]
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

/** One for each thread: calls are synchronous. */
export class ShardCoder {
  readonly #erasure: Erasure
  readonly #work: Uint8Array

  /** `#erasure/kernel-module`'s kernel, or a browser's own. */
  constructor(kernel: WebAssembly.Module) {
    const pages = (scratchBytes + workBytes) / pageBytes
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    this.#erasure = openErasure(kernel, { memory, offset: 0, bytes: scratchBytes })
    this.#work = new Uint8Array(memory.buffer, scratchBytes, workBytes)
  }

  /**
   * The shards of a sealed block, or those of `wanted` in its order. Data shards are parts of `sealed`, without a copy, but for those that end in
   * padding; with one required shard, all are the same memory. What else there is lies in `room`, or in fresh memory where that is too small.
   */
  splitBlock(
    sealed: Uint8Array,
    coding: Coding,
    options: SplitOptions = {},
  ): readonly Uint8Array[] {
    checkCoding(coding)
    const { wanted = range(0, coding.total), room } = options
    const take = takeFrom(room)
    const data = sliced(sealed, coding.required, take)
    const [first] = data
    if (first === undefined) return []
    if (coding.required === 1) return wanted.map(() => first.bytes)
    const parity = wanted
      .filter((index) => index >= coding.required)
      .map((index) => ({ index, bytes: take(first.bytes.length) }))
    this.#combine(data, parity, coding)
    const shards = new Map([...data, ...parity].map(({ index, bytes }) => [index, bytes]))
    return wanted.flatMap((index) => shards.get(index) ?? [])
  }

  /**
   * The sealed block, in `room` or in fresh memory, from the first `required` shards that are there, by index. It may be anything when one of them is
   * not what was stored: `openBlock` knows. `content/too-few-shards`; `content/damaged-shards` when they cannot be shards of one block.
   */
  joinShards(shards: ShardsThere, coding: Coding, { room }: Room = {}): Uint8Array {
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
    const padded = takeFrom(room)(required * length)
    const slices = range(0, required).map((index) => ({
      index,
      bytes: padded.subarray(index * length, (index + 1) * length),
    }))
    for (const { index, bytes } of known) slices[index]?.bytes.set(bytes)
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
    const places = [...known, ...wanted].map((shard, slot) => ({
      ...shard,
      at: slot * stride + (shard.bytes.byteOffset % wordBytes),
    }))
    const [sources, targets] = [places.slice(0, known.length), places.slice(known.length)]
    const shardAt = ({ index, at }: { readonly index: number; readonly at: number }) => ({
      index,
      offset: scratchBytes + at,
    })
    const [present, lost] = [sources.map(shardAt), targets.map(shardAt)]
    for (let from = 0; from < length; from += tileBytes) {
      const bytes = Math.min(tileBytes, length - from)
      for (const { bytes: source, at } of sources) {
        this.#work.set(source.subarray(from, from + bytes), at)
      }
      this.#erasure.rebuild(profile, { present, lost, bytes })
      for (const { bytes: target, at } of targets) {
        target.set(this.#work.subarray(at, at + bytes), from)
      }
    }
  }
}

/** Room for all shards of a block of so many bytes that are no parts of it, and for the block that they are joined to. */
export function roomBytes(blockBytes: number, { required, total }: Coding): number {
  const shardBytes = Math.floor(blockBytes / required) + 1
  const padded = Math.min(required, Math.ceil(required / shardBytes))
  return Math.max(required, total - required + padded) * shardBytes
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

/** The block with 1 to `count` bytes of padding, each of which says how many there are, as `count` equal slices. */
function sliced(
  block: Uint8Array,
  count: number,
  take: (length: number) => Uint8Array,
): readonly ShardBytes[] {
  const padding = count - (block.length % count)
  const length = (block.length + padding) / count
  return range(0, count).map((index) => {
    const part = block.subarray(index * length, (index + 1) * length)
    if (part.length === length) return { index, bytes: part }
    const bytes = take(length)
    bytes.set(part)
    bytes.fill(padding, part.length)
    return { index, bytes }
  })
}

/** Pieces of the room, one after another, as long as it lasts. */
function takeFrom(room: Uint8Array | undefined): (length: number) => Uint8Array {
  let used = 0
  return (length) => {
    const from = used
    if (room === undefined || from + length > room.length) return new Uint8Array(length)
    used += length
    return room.subarray(from, used)
  }
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
