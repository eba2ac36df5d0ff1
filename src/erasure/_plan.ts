/**
 * Plans: the kernel's passes for a set of rows, with the tables of their coefficients written into scratch memory. Made once per profile
 * or pattern of loss, kept until the region is full; then all are forgotten, which keeps the cache bounded without a clock.
 */
import { check } from '#erasure/_check'
import type { Kernel } from '#erasure/_kernel'
import { lagrangeRows, multiply } from '#erasure/matrix'
import { formatProfile, type Profile } from '#erasure/profile'

/** One call of the kernel. It writes the rows from `firstRow` up to `endRow`, exclusive. */
export interface Pass {
  readonly kernel: keyof Kernel
  readonly firstRow: number
  readonly endRow: number
  readonly tables: number
}

/** Two tables of sixteen products each. */
const coefficientBytes = 32

/** For four rows the kernel takes columns in pairs: an odd one is joined by itself with coefficient 0. */
export function columnsOf(kernel: keyof Kernel, columns: number): number {
  return kernel === 'combine4' || kernel === 'mirror4' ? evenColumns(columns) : columns
}

function evenColumns(columns: number): number {
  return columns + (columns % 2)
}

/** Scratch bytes that a plan of `rows` rows over `columns` columns takes at most. */
export function planBytes(columns: number, rows: number): number {
  return evenColumns(columns) * rows * coefficientBytes
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

  /** The passes that give all parity from all data. Valid until the next call. */
  parity(profile: Profile): readonly Pass[] {
    const kept = this.#plans.get(formatProfile(profile))
    if (kept !== undefined) return kept
    const { data, parity } = profile
    const indexes = Array.from({ length: data + parity }, (_, index) => index)
    return this.#add(formatProfile(profile), indexes.slice(0, data), indexes.slice(data))
  }

  /** The passes that give the shards `wanted` from the shards `known`, all different. Valid until the next call. */
  loss(known: readonly number[], wanted: readonly number[]): readonly Pass[] {
    const name = `${known.join()}>${wanted.join()}`
    return this.#plans.get(name) ?? this.#add(name, known, wanted)
  }

  #add(name: string, known: readonly number[], wanted: readonly number[]): readonly Pass[] {
    check(new Set([...known, ...wanted]).size === known.length + wanted.length)
    const bytes = planBytes(known.length, wanted.length)
    check(bytes <= this.#region.bytes, 'the scratch region is too small for this profile')
    if (this.#used + bytes > this.#region.bytes) this.#forgetAll()
    const passes = this.#write(known, wanted)
    this.#plans.set(name, passes)
    return passes
  }

  #forgetAll(): void {
    this.#plans.clear()
    this.#used = 0
  }

  #write(known: readonly number[], wanted: readonly number[]): readonly Pass[] {
    const rows = lagrangeRows(known, wanted)
    const passes: Pass[] = []
    for (let firstRow = 0; firstRow < rows.length; ) {
      const endRow = firstRow + passHeight(rows.length - firstRow)
      const passRows = rows.slice(firstRow, endRow)
      const kernel = kernelFor(known, wanted.slice(firstRow, endRow), passRows)
      const tables = this.#region.offset + this.#used
      const coefficients =
        kernel === 'mirror4'
          ? mirrored(passRows)
          : byColumn(
              isPlain(kernel) ? passRows.slice(1) : passRows,
              columnsOf(kernel, known.length),
            )
      for (const coefficient of coefficients) this.#writeTables(coefficient)
      passes.push({ kernel, firstRow, endRow, tables })
      firstRow = endRow
    }
    return passes
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

/**
 * Lagrange's coefficients depend on differences of indexes only. So when the known shards come in pairs 2j, 2j + 1, adding 1 to all
 * indexes keeps the set, and a pair of wanted rows has the same coefficients with each pair of columns exchanged: `mirror4` applies.
 * All parity of an even number of data shards is such.
 */
function kernelFor(
  known: readonly number[],
  wanted: readonly number[],
  rows: readonly Uint8Array[],
): keyof Kernel {
  const isSum = rows[0]?.every((coefficient) => coefficient === 1) === true
  if (wanted.length === 1) return isSum ? 'plain1' : 'combine1'
  if (wanted.length === 2) return isSum ? 'plain2' : 'combine2'
  return isPaired(known) && isPaired(wanted) ? 'mirror4' : 'combine4'
}

function isPlain(kernel: keyof Kernel): boolean {
  return kernel === 'plain1' || kernel === 'plain2'
}

function isPaired(indexes: readonly number[]): boolean {
  return (
    indexes.length % 2 === 0 &&
    indexes.every(
      (index, i) => index % 2 === i % 2 && (i % 2 === 0 || index === (indexes[i - 1] ?? 0) + 1),
    )
  )
}

/** Column by column, row by row. */
function* byColumn(rows: readonly Uint8Array[], columns: number): Generator<number> {
  for (let column = 0; column < columns; column += 1) {
    for (const row of rows) yield row[column] ?? 0
  }
}

/** Per pair of columns and pair of rows (a b, b a): a and a + b. */
function* mirrored(rows: readonly Uint8Array[]): Generator<number> {
  for (let column = 0; column < (rows[0]?.length ?? 0); column += 2) {
    for (const row of [rows[0], rows[2]]) {
      const [a = 0, b = 0] = row?.subarray(column, column + 2) ?? []
      yield a
      yield a ^ b
    }
  }
}
