/**
 * Plans: the kernel's passes for a set of rows, with the tables of their coefficients written into scratch memory. Made once per profile
 * or pattern of loss, kept until the region is full; then all are forgotten, which keeps the cache bounded without a clock.
 */
import { strict as assert } from 'node:assert'
import { lagrangeRows, multiply } from '#erasure/matrix'

/** One call of the kernel: `rows` outputs, the first of them number `firstRow` of the plan. */
export interface Pass {
  readonly rows: 1 | 2 | 4
  readonly firstRow: number
  readonly tables: number
}

/** Two tables of sixteen products each. */
const coefficientBytes = 32

/** Scratch bytes of a plan of `rows` rows over `columns` columns. */
export function planBytes(columns: number, rows: number): number {
  return columns * rows * coefficientBytes
}

export interface PlanRegion {
  readonly offset: number
  readonly bytes: number
}

export class PlanCache {
  readonly #region: PlanRegion
  readonly #scratch: Uint8Array
  readonly #plans = new Map<string, readonly Pass[]>()
  #used = 0

  constructor(memory: WebAssembly.Memory, region: PlanRegion) {
    this.#region = region
    this.#scratch = new Uint8Array(memory.buffer, region.offset, region.bytes)
  }

  /** The passes that give the shards `wanted` from the shards `known`. Valid until the next call. */
  plan(known: readonly number[], wanted: readonly number[]): readonly Pass[] {
    const name = `${known.join()}>${wanted.join()}`
    const kept = this.#plans.get(name)
    if (kept !== undefined) return kept
    const bytes = planBytes(known.length, wanted.length)
    assert(bytes <= this.#region.bytes, 'the scratch region is too small for this profile')
    if (this.#used + bytes > this.#region.bytes) this.#forgetAll()
    const passes = this.#write(lagrangeRows(known, wanted))
    this.#plans.set(name, passes)
    return passes
  }

  #forgetAll(): void {
    this.#plans.clear()
    this.#used = 0
  }

  #write(rows: readonly Uint8Array[]): readonly Pass[] {
    const passes: Pass[] = []
    for (let firstRow = 0; firstRow < rows.length; ) {
      const height = passHeight(rows.length - firstRow)
      passes.push({ rows: height, firstRow, tables: this.#region.offset + this.#used })
      this.#writePass(rows.slice(firstRow, firstRow + height))
      firstRow += height
    }
    return passes
  }

  /** Column by column, as the kernel walks them. */
  #writePass(rows: readonly Uint8Array[]): void {
    const [first] = rows
    for (const column of first?.keys() ?? []) {
      for (const row of rows) this.#writeTables(row[column] ?? 0)
    }
  }

  /** The products with 0 … 15, then those with 0, 16 … 240: a byte's product is the sum of its two nibbles'. */
  #writeTables(coefficient: number): void {
    for (let nibble = 0; nibble < 16; nibble += 1) {
      this.#scratch[this.#used + nibble] = multiply(coefficient, nibble)
      this.#scratch[this.#used + 16 + nibble] = multiply(coefficient, nibble << 4)
    }
    this.#used += coefficientBytes
  }
}

function passHeight(rowsLeft: number): 1 | 2 | 4 {
  if (rowsLeft >= 4) return 4
  return rowsLeft >= 2 ? 2 : 1
}
