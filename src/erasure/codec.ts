/**
 * Reed–Solomon over equally long blocks that lie in a shared WebAssembly memory. Any `data` of a stripe's shards rebuild the others.
 * Which code it is: `matrix.ts`. How the sums are computed: `kernel/combine.ts`.
 */
import { check } from '#erasure/_check'
import { type Kernel, openKernel, stepBytes } from '#erasure/_kernel'
import { columnsOf, type Pass, PlanCache, planBytes } from '#erasure/_plan'
import { erasureFault } from '#erasure/faults'
import { type Profile, shardsMax } from '#erasure/profile'

/** Memory below this belongs to the kernel: none, it has no data of its own. */
export const reservedBytes = 0

export interface ErasureOptions {
  readonly memory: WebAssembly.Memory
  /** A multiple of 64. */
  readonly offset: number
  readonly bytes: number
}

/** Shard `index` (data first, then parity) lies at byte `offset` of the memory. */
export interface ShardAt {
  readonly index: number
  readonly offset: number
}

/** How much of a block `verify` computes at a time: four rows of it stay in the first-level cache. */
const tileBytes = 4096
/** Tiles start in different cache sets. */
const tileStride = tileBytes + 64
const rowsPerPass = 4

const sourcesAt = 0
const outputsAt = sourcesAt + 4 * shardsMax
const tilesAt = outputsAt + 64
const cellsAt = tilesAt + rowsPerPass * tileStride
const plansAt = cellsAt + shardsMax * stepBytes

/** The least scratch memory that serves this profile; more keeps more patterns of loss prepared. */
export function scratchBytesFor({ data, parity }: Profile): number {
  return plansAt + planBytes(data, parity)
}

/** Scratch memory that serves every profile, and keeps hundreds of patterns of loss for the usual ones. */
export const scratchBytes = 1024 * 1024

/** All blocks of a stripe are `bytes` long, at least 1; offsets are byte offsets in the memory, of any alignment. Blocks do not overlap. */
export interface EncodeStripe {
  readonly data: readonly number[]
  readonly parity: readonly number[]
  readonly bytes: number
}
export interface RebuildStripe {
  readonly present: readonly ShardAt[]
  readonly lost: readonly ShardAt[]
  readonly bytes: number
}
export interface VerifyStripe {
  /** Of all blocks, in order. */
  readonly offsets: readonly number[]
  readonly bytes: number
}

/** One per thread: calls are synchronous and use its scratch region. Nothing outside of the blocks they write is touched. */
export interface Erasure {
  /** Writes every parity block. */
  encode(profile: Profile, stripe: EncodeStripe): void
  /** Writes the lost blocks, data or parity, from any `data` present ones. Fewer: `erasure/too-few-shards`. */
  rebuild(profile: Profile, stripe: RebuildStripe): void
  /** Whether the parity is that of the data. */
  verify(profile: Profile, stripe: VerifyStripe): boolean
}

/**
 * The scratch region of the memory (at least `scratchBytesFor` every profile used) belongs to the returned codec alone. The kernel is `kernelModule`,
 * or in a browser, where all of this runs as well, what it compiled of `kernel.wasm`.
 */
export function openErasure(kernel: WebAssembly.Module, options: ErasureOptions): Erasure {
  return new KernelErasure(kernel, options)
}

class KernelErasure implements Erasure {
  readonly #memory: WebAssembly.Memory
  readonly #kernel: Kernel
  readonly #plans: PlanCache
  readonly #scratch: number
  readonly #sources: Uint32Array
  readonly #outputs: Uint32Array

  constructor(kernel: WebAssembly.Module, { memory, offset, bytes }: ErasureOptions) {
    check(offset % 64 === 0 && bytes >= plansAt && offset + bytes <= memory.buffer.byteLength)
    this.#memory = memory
    this.#kernel = openKernel(kernel, memory)
    this.#plans = new PlanCache(memory, { offset: offset + plansAt, bytes: bytes - plansAt })
    this.#scratch = offset
    this.#sources = new Uint32Array(memory.buffer, offset + sourcesAt, shardsMax)
    this.#outputs = new Uint32Array(memory.buffer, offset + outputsAt, rowsPerPass)
  }

  encode(profile: Profile, { data, parity, bytes }: EncodeStripe): void {
    check(data.length === profile.data && parity.length === profile.parity)
    this.#combine(this.#plans.parity(profile), data, parity, bytes)
  }

  rebuild({ data, parity }: Profile, { present, lost, bytes }: RebuildStripe): void {
    // Sorted, so that one pattern of loss has one plan and pairs stand together.
    const known = present.toSorted(byIndex).slice(0, data)
    const wanted = lost.toSorted(byIndex)
    if (known.length < data) {
      throw erasureFault('erasure/too-few-shards', { present: known.length, needed: data })
    }
    for (const { index } of [...known, ...wanted]) check(index >= 0 && index < data + parity)
    const passes = this.#plans.loss(known.map(indexOf), wanted.map(indexOf))
    this.#combine(passes, known.map(offsetOf), wanted.map(offsetOf), bytes)
  }

  verify(profile: Profile, { offsets, bytes }: VerifyStripe): boolean {
    const { data, parity } = profile
    check(offsets.length === data + parity)
    const passes = this.#plans.parity(profile)
    for (let from = 0; from < bytes; from += tileBytes) {
      const tile = Math.min(tileBytes, bytes - from)
      const at = offsets.map((offset) => offset + from)
      if (!passes.every((pass) => this.#matches(pass, at, data, tile))) return false
    }
    return true
  }

  /** Whether the rows of one pass, computed aside, are what lies at their offsets. */
  #matches(pass: Pass, offsets: readonly number[], data: number, bytes: number): boolean {
    const { firstRow, endRow } = pass
    const height = endRow - firstRow
    const tiles = range(0, height).map((row) => this.#scratch + tilesAt + row * tileStride)
    const aside = { ...pass, firstRow: 0, endRow: height }
    this.#combine([aside], offsets.slice(0, data), tiles, bytes)
    return tiles.every((tile, row) => {
      const stored = offsets[data + firstRow + row]
      check(stored !== undefined)
      this.#checkBlocks([stored], bytes)
      return isSame(this.#view(tile, bytes), this.#view(stored, bytes))
    })
  }

  #combine(
    passes: readonly Pass[],
    sources: readonly number[],
    outputs: readonly number[],
    bytes: number,
  ): void {
    this.#checkBlocks(sources, bytes)
    this.#checkBlocks(outputs, bytes)
    if (bytes < stepBytes) this.#combineInCells(passes, sources, outputs, bytes)
    else this.#combineInPlace(passes, sources, outputs, bytes)
  }

  /** Blocks shorter than a step are computed in copies of a whole step's length; what lies behind their end comes to nothing. */
  #combineInCells(
    passes: readonly Pass[],
    sources: readonly number[],
    outputs: readonly number[],
    bytes: number,
  ): void {
    const cells = range(0, sources.length + outputs.length).map(
      (index) => this.#scratch + cellsAt + index * stepBytes,
    )
    const [known, wanted] = [cells.slice(0, sources.length), cells.slice(sources.length)]
    this.#copy(sources, known, bytes)
    this.#combineInPlace(passes, known, wanted, stepBytes)
    this.#copy(wanted, outputs, bytes)
  }

  #combineInPlace(
    passes: readonly Pass[],
    sources: readonly number[],
    outputs: readonly number[],
    bytes: number,
  ): void {
    this.#sources.set(sources)
    this.#sources[sources.length] = sources.at(-1) ?? 0 // an even number, for those that want one
    for (const { kernel, firstRow, endRow, tables } of passes) {
      for (let row = firstRow; row < endRow; row += 1) {
        this.#outputs[row - firstRow] = outputs[row] ?? 0
      }
      const run = this.#kernel[kernel]
      const columns = columnsOf(kernel, sources.length)
      run(this.#scratch + sourcesAt, columns, tables, this.#scratch + outputsAt, bytes)
    }
  }

  #copy(from: readonly number[], to: readonly number[], bytes: number): void {
    for (const [i, offset] of from.entries()) {
      this.#view(to[i] ?? 0, bytes).set(this.#view(offset, bytes))
    }
  }

  /** The kernel trusts its arguments, so a wrong offset must stop here. */
  #checkBlocks(offsets: readonly number[], bytes: number): void {
    const limit = this.#memory.buffer.byteLength
    check(Number.isSafeInteger(bytes) && bytes >= 1)
    for (const offset of offsets) {
      check(Number.isSafeInteger(offset) && offset >= 0 && offset + bytes <= limit)
    }
  }

  #view(offset: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, offset, bytes)
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((byte, at) => byte === other[at])
}

const byIndex = (a: ShardAt, b: ShardAt): number => a.index - b.index
const indexOf = ({ index }: ShardAt): number => index
const offsetOf = ({ offset }: ShardAt): number => offset

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
