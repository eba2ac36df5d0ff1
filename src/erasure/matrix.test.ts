import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lagrangeRows, multiply } from '#erasure/matrix'

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Shift and reduce: the definition. */
function multiplySlowly(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit -= 1) {
    product <<= 1
    if (product & 0x100) product ^= 0x11d
    if ((b >> bit) & 1) product ^= a
  }
  return product
}

/** The construction other coders use: Vandermonde rows times the inverse of the top square. */
function systematicVandermonde(data: number, shards: number): readonly (readonly number[])[] {
  const power = (base: number, exponent: number): number =>
    exponent === 0 ? 1 : multiplySlowly(base, power(base, exponent - 1))
  const rows = range(0, shards).map((row) => range(0, data).map((column) => power(row, column)))
  const inverse = invert(rows.slice(0, data))
  return rows.map((row) =>
    range(0, data).map((column) =>
      row.reduce((sum, value, i) => sum ^ multiplySlowly(value, inverse[i]?.[column] ?? 0), 0),
    ),
  )
}

/** Gauss and Jordan. */
function invert(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const size = matrix.length
  const work = matrix.map((row, r) => [...row, ...range(0, size).map((c) => (c === r ? 1 : 0))])
  const reciprocal = (value: number) =>
    range(1, 256).find((candidate) => multiplySlowly(value, candidate) === 1) ?? 0
  for (let pivot = 0; pivot < size; pivot += 1) {
    const from = work.findIndex((row, r) => r >= pivot && row[pivot] !== 0)
    const [found, displaced] = [work[from] ?? [], work[pivot] ?? []]
    work[from] = displaced
    const scale = reciprocal(found[pivot] ?? 0)
    const scaled = found.map((value) => multiplySlowly(value, scale))
    for (const [r, row] of work.entries()) {
      const factor = row[pivot] ?? 0
      work[r] = row.map((value, c) => value ^ multiplySlowly(factor, scaled[c] ?? 0))
    }
    work[pivot] = scaled
  }
  return work.map((row) => row.slice(size))
}

test('products are those of the field with polynomial 0x11D', () => {
  for (const a of range(0, 256)) {
    for (const b of range(0, 256)) equal(multiply(a, b), multiplySlowly(a, b))
  }
})

test('the parity rows of 10+4 are the published ones', () => {
  deepEqual(
    lagrangeRows(range(0, 10), range(10, 14)).map((row) => [...row]),
    [
      [129, 150, 175, 184, 210, 196, 254, 232, 3, 2],
      [150, 129, 184, 175, 196, 210, 232, 254, 2, 3],
      [191, 214, 98, 10, 6, 111, 223, 183, 5, 4],
      [214, 191, 10, 98, 111, 6, 183, 223, 4, 5],
    ],
  )
})

test('parity rows are those of the systematic Vandermonde matrix, whatever the profile', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 0, max: 24 }),
      (data, parity) => {
        const expected = systematicVandermonde(data, data + parity).slice(data)
        const rows = lagrangeRows(range(0, data), range(data, data + parity))
        deepEqual(
          rows.map((row) => [...row]),
          expected,
        )
      },
    ),
    { numRuns: 40 },
  ))
