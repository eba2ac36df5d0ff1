/**
 * Finds the shards that are not what was stored, by trying which others give the block. A shard carries no checksum; only the hash of the whole
 * block tells. Runs in browsers.
 */
import { contentFault } from '#content/faults'
import type { Coding, ShardCoder, ShardsThere } from '#content/shards'
import { lagrangeRows, multiply } from '#erasure/matrix'
import { isFault } from '#fault/fault'

export interface Recovered {
  readonly sealed: Uint8Array
  /** Which of the shards that were there are not the block's. */
  readonly damaged: readonly number[]
}

/** Blocks that are joined and hashed: some ten seconds, for the largest. */
const joinsMax = 2_000
/** Choices that are looked at. */
const choicesMax = 50_000

/**
 * The sealed block from shards of which some may be damaged: at most as many as there are beyond the required ones. Fewer damaged ones are tried
 * first. `isWhole` compares the hash. `content/too-few-shards`; `content/damaged-shards` when no choice gives the block, or too many would have to be tried.
 */
export function recoverBlock(
  coder: ShardCoder,
  {
    shards,
    coding,
    isWhole,
  }: {
    readonly shards: ShardsThere
    readonly coding: Coding
    readonly isWhole: (sealed: Uint8Array) => boolean
  },
): Recovered {
  const present = shards.flatMap((shard, index) => (shard === undefined ? [] : [index]))
  if (present.length < coding.required) {
    throw contentFault('content/too-few-shards', {
      present: present.length,
      required: coding.required,
    })
  }
  const search = new Search(coder, shards, coding)
  for (const group of ofOneLength(shards, present)) {
    for (const chosen of choices(group, coding.required)) {
      const sealed = search.tryChoice(chosen, isWhole)
      if (sealed !== undefined) return { sealed, damaged: search.foreignTo(sealed, present) }
    }
  }
  throw contentFault('content/damaged-shards', { reason: 'no choice of them gives the block' })
}

class Search {
  readonly #coder: ShardCoder
  readonly #shards: ShardsThere
  readonly #coding: Coding
  /** Bytes at which some choice did not agree with itself: others that do not are not joined. */
  readonly #witnesses: number[] = []
  /** Required shards that were joined in vain. */
  readonly #inVain = new Set<string>()
  #choices = 0

  constructor(coder: ShardCoder, shards: ShardsThere, coding: Coding) {
    this.#coder = coder
    this.#shards = shards
    this.#coding = coding
  }

  /** The block, if all that are chosen are its shards. */
  tryChoice(
    chosen: readonly number[],
    isWhole: (sealed: Uint8Array) => boolean,
  ): Uint8Array | undefined {
    this.#choices += 1
    const first = chosen.slice(0, this.#coding.required).join()
    if (this.#choices > choicesMax || this.#inVain.size >= joinsMax) {
      throw contentFault('content/damaged-shards', { reason: 'too many of them are damaged' })
    }
    if (this.#inVain.has(first) || !this.#witnesses.every((at) => this.#agrees(chosen, at))) {
      return undefined
    }
    const sealed = this.#join(chosen)
    if (sealed !== undefined && isWhole(sealed)) return sealed
    this.#inVain.add(first)
    if (sealed !== undefined) this.#findWitness(sealed, chosen)
    return undefined
  }

  /** Of the shards `present`, those that are not the block's. */
  foreignTo(sealed: Uint8Array, present: readonly number[]): readonly number[] {
    return present.filter((index) => this.#differsAt(sealed, index) !== undefined)
  }

  #join(chosen: readonly number[]): Uint8Array | undefined {
    const shards = this.#shards.map((shard, index) => (chosen.includes(index) ? shard : undefined))
    try {
      return this.#coder.joinShards(shards, this.#coding)
    } catch (error) {
      if (isFault(error, 'content/damaged-shards')) return undefined // it has no padding
      throw error
    }
  }

  #findWitness(sealed: Uint8Array, chosen: readonly number[]): void {
    for (const index of chosen.slice(this.#coding.required)) {
      const at = this.#differsAt(sealed, index)
      if (at === undefined) continue
      this.#witnesses.push(at)
      return
    }
  }

  /** The first byte at which the shard that is there is not the block's. */
  #differsAt(sealed: Uint8Array, index: number): number | undefined {
    const [expected] = this.#coder.splitBlock(sealed, this.#coding, { wanted: [index] })
    const found = this.#shards[index]
    if (expected === undefined || found === undefined || found.length !== expected.length) return 0
    const at = expected.findIndex((byte, place) => byte !== found[place])
    return at < 0 ? undefined : at
  }

  /** Whether the chosen shards' bytes at one place are those of one block. One by one: nearly always the first says no. */
  #agrees(chosen: readonly number[], at: number): boolean {
    const known = chosen.slice(0, this.#coding.required)
    const byteOf = (index: number): number => this.#shards[index]?.[at] ?? 0
    return chosen.slice(known.length).every((other) => {
      const [row] = lagrangeRows(known, [other])
      const sum = known.reduce(
        (total, index, column) => total ^ multiply(row?.[column] ?? 0, byteOf(index)),
        0,
      )
      return sum === byteOf(other)
    })
  }
}

/** Indexes of shards that have one length, the most frequent length first: a shard of another is damaged for certain. */
function ofOneLength(
  shards: ShardsThere,
  present: readonly number[],
): readonly (readonly number[])[] {
  const groups = Map.groupBy(present, (index) => shards[index]?.length)
  return [...groups.values()].sort((one, other) => other.length - one.length)
}

/** All of them, then all but one, and so on down to `least`. */
function* choices(items: readonly number[], least: number): Generator<readonly number[]> {
  for (let leftOut = 0; items.length - leftOut >= least; leftOut += 1) {
    yield* without(items, leftOut)
  }
}

/** The items, less `count` of them in every possible way. */
function* without(items: readonly number[], count: number): Generator<readonly number[]> {
  const [first, ...rest] = items
  if (count === 0 || first === undefined) {
    if (count === 0) yield items
    return
  }
  yield* without(rest, count - 1)
  for (const others of without(rest, count)) yield [first, ...others]
}
