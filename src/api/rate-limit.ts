/**
 * How often somebody may ask: one table for all threads of the process, in shared memory of a fixed size. Each name has a slot that says when what it
 * has taken will be given again (the virtual scheduling of ITU-T I.371, known as GCRA). Slots are found by a keyed hash, in sets of four; in a set that is
 * full, the name that has taken least gives way.
 */
import { sha256HexOf } from '#crypto/digest'
import type { World } from '#world/world'

export interface RateRule {
  /** At most `perSecondMax`. */
  readonly perSecond: number
  /** How many at once, after a pause; at least 1. */
  readonly burst: number
}

/** Times are kept to 1/256 ms: the error of the fastest rule is 2 %. */
export const perSecondMax = 10_000

/** All that is shared between threads. */
export interface RateTable {
  readonly rule: RateRule
  readonly memory: SharedArrayBuffer
}

const setSlots = 4
const sets = 2 ** 14
/** 16 bytes that nobody outside knows, so that nobody can aim at another's slot. */
const seedWords = 2
const ticksPerMs = 256
/** Of a slot's 64 bits: the time above, modulo some 2 years, and a tag of the name below. */
const tagBits = 20
const ticksMax = 2 ** (64 - tagBits)

/** 512 KiB: room for 65,536 names that ask at the same time. */
export function openRateTable(rule: RateRule, world: Pick<World, 'randomBytes'>): RateTable {
  const words = seedWords + sets * setSlots
  const memory = new SharedArrayBuffer(words * BigUint64Array.BYTES_PER_ELEMENT)
  new Uint8Array(memory).set(world.randomBytes(seedWords * BigUint64Array.BYTES_PER_ELEMENT))
  return { rule, memory }
}

interface Slot {
  readonly index: number
  readonly found: bigint
  /** How long until nothing is taken any more. */
  readonly aheadTicks: number
}

export class RateLimit {
  readonly #words: BigUint64Array
  readonly #seed: string
  readonly #now: () => number
  readonly #intervalTicks: number
  readonly #windowTicks: number

  constructor({ rule: { perSecond, burst }, memory }: RateTable, world: Pick<World, 'now'>) {
    this.#words = new BigUint64Array(memory)
    this.#seed = this.#words.subarray(0, seedWords).join('-')
    this.#now = () => Math.floor(world.now() * ticksPerMs) % ticksMax
    this.#intervalTicks = (1000 * ticksPerMs) / perSecond
    this.#windowTicks = Math.round(this.#intervalTicks * burst)
  }

  /** Takes one, and returns 0; or takes nothing, and returns the milliseconds until there will be one. */
  take(name: string): number {
    const { tag, first } = this.#placeOf(name)
    for (;;) {
      const now = this.#now()
      const { index, found, aheadTicks } = this.#slotOf(tag, first, now)
      const waitMs = this.#waitMs(aheadTicks)
      if (waitMs > 0) return waitMs
      const until = Math.round(now + aheadTicks + this.#intervalTicks) % ticksMax
      const wanted = (BigInt(until) << BigInt(tagBits)) | BigInt(tag)
      if (Atomics.compareExchange(this.#words, index, found, wanted) === found) return 0
    }
  }

  /** What `take` would return; takes nothing. */
  look(name: string): number {
    const { tag, first } = this.#placeOf(name)
    return this.#waitMs(this.#slotOf(tag, first, this.#now()).aheadTicks)
  }

  /** How many could be taken now, and how long until it is the whole burst again. Takes nothing. */
  measure(name: string): { readonly left: number; readonly fullMs: number } {
    const { tag, first } = this.#placeOf(name)
    const { aheadTicks } = this.#slotOf(tag, first, this.#now())
    const left = Math.floor((this.#windowTicks - aheadTicks) / this.#intervalTicks)
    return { left: Math.max(0, left), fullMs: aheadTicks / ticksPerMs }
  }

  #waitMs(aheadTicks: number): number {
    const overTicks = Math.round(aheadTicks + this.#intervalTicks) - this.#windowTicks
    return Math.max(0, overTicks / ticksPerMs)
  }

  #placeOf(name: string): { readonly tag: number; readonly first: number } {
    const hash = sha256HexOf(Buffer.from(`${this.#seed} ${name}`))
    const set = Number.parseInt(hash.slice(0, 8), 16) % sets
    const tag = Number.parseInt(hash.slice(8, 13), 16) || 1 // an empty slot has 0
    return { tag, first: seedWords + set * setSlots }
  }

  #slotOf(tag: number, first: number, now: number): Slot {
    let quietest: Slot | undefined
    for (let index = first; index < first + setSlots; index += 1) {
      const found = Atomics.load(this.#words, index)
      const aheadTicks = this.#aheadOf(found, now)
      if (BigInt.asUintN(tagBits, found) === BigInt(tag)) return { index, found, aheadTicks }
      if (quietest === undefined || aheadTicks < quietest.aheadTicks)
        quietest = { index, found, aheadTicks }
    }
    return { ...(quietest as Slot), aheadTicks: 0 } // a set has slots; what stands there is another's
  }

  /** A time beyond the window is one that has passed, or the clock was put back: nobody waits for that. */
  #aheadOf(found: bigint, now: number): number {
    const aheadTicks = (Number(found >> BigInt(tagBits)) - now + ticksMax) % ticksMax
    return aheadTicks > this.#windowTicks ? 0 : aheadTicks
  }
}
