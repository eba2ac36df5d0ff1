/** The compiled kernel of XXH64 and XXH3: `xxhash.wasm`, built from `kernel/xxhash.ts` by `src/erasure/build.ts`. One per thread, opened when it is first needed. */
import { type BareKernel, openKernel } from '#crypto/_open-kernel'

interface Kernel extends BareKernel {
  readonly beginXxh64: () => void
  readonly beginXxh3: () => void
  readonly absorbXxh64: (stripes: number) => void
  readonly absorbXxh3: (blocks: number) => void
  readonly finishXxh64: (total: bigint, rest: number) => void
  readonly finishXxh3: (total: bigint, rest: number) => void
  readonly lower64: (total: bigint) => bigint
  readonly resultLow: () => bigint
  readonly resultHigh: () => bigint
}

interface Opened extends Kernel {
  readonly accumulators: Uint8Array
  /** Bytes before the input, which the end may look back at, and the input. */
  readonly before: Uint8Array
  readonly input: Uint8Array
}

const accumulatorsBytes = 64
const beforeBytes = 64

let opened: Opened | undefined

function kernel(): Opened {
  opened ??= openWithViews()
  return opened
}

function openWithViews(): Opened {
  const found = openKernel<Kernel>(new URL('./xxhash.wasm', import.meta.url), [
    ...(['beginXxh64', 'beginXxh3', 'absorbXxh64', 'absorbXxh3', 'finishXxh64'] as const),
    ...(['finishXxh3', 'lower64', 'resultLow', 'resultHigh'] as const),
  ])
  const { buffer } = found.memory
  const at = found.inputOffset()
  return {
    ...found,
    accumulators: new Uint8Array(buffer, 0, accumulatorsBytes),
    before: new Uint8Array(buffer, at - beforeBytes, beforeBytes),
    input: new Uint8Array(buffer, at, found.inputBytesMax()),
  }
}

export type XxHashAlgorithm = 'xxhash64' | 'xxhash3' | 'xxhash128'

/**
 * One digest being computed: 8 bytes big-endian, 16 of `xxhash128`. No seed. Bytes wait here until there are more than a block of them, for the
 * last block of XXH3 is taken another way, full or not.
 */
export class XxHash {
  readonly #algorithm: XxHashAlgorithm
  readonly #blockBytes: number
  readonly #accumulators = new Uint8Array(accumulatorsBytes)
  readonly #pending: Uint8Array
  readonly #before = new Uint8Array(beforeBytes)
  #waiting = 0
  #total = 0

  constructor(algorithm: XxHashAlgorithm) {
    const { accumulators, beginXxh64, beginXxh3 } = kernel()
    this.#algorithm = algorithm
    this.#blockBytes = algorithm === 'xxhash64' ? 32 : 1024
    this.#pending = new Uint8Array(this.#blockBytes)
    if (algorithm === 'xxhash64') beginXxh64()
    else beginXxh3()
    this.#accumulators.set(accumulators)
  }

  update(bytes: Uint8Array): void {
    this.#total += bytes.length
    if (this.#waiting + bytes.length <= this.#blockBytes) {
      this.#pending.set(bytes, this.#waiting)
      this.#waiting += bytes.length
      return
    }
    const { accumulators } = kernel()
    accumulators.set(this.#accumulators)
    for (let from = 0; from < bytes.length; ) from += this.#absorb(bytes, from)
    this.#accumulators.set(accumulators)
  }

  digest(): Uint8Array {
    const { accumulators, before, input, ...calls } = kernel()
    const total = BigInt(this.#total)
    accumulators.set(this.#accumulators)
    before.set(this.#before)
    input.set(this.#pending.subarray(0, this.#waiting))
    if (this.#algorithm === 'xxhash64') {
      // A last full stripe has waited like a part of one.
      if (this.#waiting === this.#blockBytes) calls.absorbXxh64(1)
      calls.finishXxh64(total, this.#waiting % this.#blockBytes)
      return bigEndian(calls.resultLow())
    }
    calls.finishXxh3(total, this.#waiting)
    if (this.#algorithm === 'xxhash3') return bigEndian(calls.lower64(total))
    return bigEndian(calls.resultHigh(), calls.resultLow())
  }

  /** What waits, and as much of `bytes` as there is room for: all blocks but the last. Returns how much of `bytes` that is. */
  #absorb(bytes: Uint8Array, from: number): number {
    const { input, absorbXxh64, absorbXxh3 } = kernel()
    const taken = Math.min(bytes.length - from, input.length - this.#waiting)
    input.set(this.#pending.subarray(0, this.#waiting))
    input.set(bytes.subarray(from, from + taken), this.#waiting)
    const filled = this.#waiting + taken
    const blocks = Math.floor((filled - 1) / this.#blockBytes)
    if (this.#algorithm === 'xxhash64') absorbXxh64(blocks)
    else absorbXxh3(blocks)
    const end = blocks * this.#blockBytes
    if (end >= beforeBytes) this.#before.set(input.subarray(end - beforeBytes, end))
    this.#pending.set(input.subarray(end, filled))
    this.#waiting = filled - end
    return taken
  }
}

function bigEndian(...words: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 8)
  const view = new DataView(bytes.buffer)
  for (const [index, word] of words.entries()) view.setBigUint64(index * 8, word)
  return bytes
}
