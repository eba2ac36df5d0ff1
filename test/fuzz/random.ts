/** Chance from a seed: the same numbers for the same text, on every machine. */
import { createHash } from 'node:crypto'

export class Random {
  #state: number

  constructor(seed: string) {
    this.#state = createHash('md5').update(seed).digest().readUInt32LE()
  }

  /** From 0 to `limit` - 1. Mulberry32. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0]
  }
}
