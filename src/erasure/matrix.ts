/**
 * GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11D), and the rows of the code.
 *
 * The code is the systematic Vandermonde one (row r, column c = r^c, times the inverse of its top square) of the Backblaze and
 * klauspost coders. Multiplying a Vandermonde row by that inverse evaluates, at r, the polynomial that takes the data's values at
 * 0, 1 … k − 1. So shard r is f(r) for one polynomial f of degree below k, any k shards determine it, and every coefficient ever
 * needed, for parity and for loss alike, is one of Lagrange's: no matrix is built or inverted.
 */
const polynomial = 0x11d
const order = 255

const { exponents, logarithms } = powersOfTwo()

/** The product in the field. */
export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : power(logarithm(a) + logarithm(b))
}

/**
 * For each shard of `wanted` the coefficients that give it as a sum over the shards `known`, in their order. `known` holds k different
 * indexes, `wanted` names none of them; all are 0 to 255.
 */
export function lagrangeRows(
  known: readonly number[],
  wanted: readonly number[],
): readonly Uint8Array[] {
  const denominators = known.map((index) =>
    sumOfLogarithms(
      known.filter((other) => other !== index),
      index,
    ),
  )
  return wanted.map((at) => {
    const numerator = sumOfLogarithms(known, at)
    return Uint8Array.from(known, (index, column) =>
      power(numerator - logarithm(at ^ index) - (denominators[column] ?? 0)),
    )
  })
}

/** log Π (at − other), where subtraction is exclusive or. */
function sumOfLogarithms(others: readonly number[], at: number): number {
  return others.reduce((sum, other) => sum + logarithm(at ^ other), 0)
}

function logarithm(value: number): number {
  return logarithms[value] ?? 0
}

/** 2^exponent, any integer exponent. */
function power(exponent: number): number {
  return exponents[((exponent % order) + order) % order] ?? 0
}

function powersOfTwo(): { readonly exponents: Uint8Array; readonly logarithms: Uint8Array } {
  const exponents = new Uint8Array(order)
  const logarithms = new Uint8Array(order + 1)
  for (let exponent = 0, value = 1; exponent < order; exponent += 1) {
    exponents[exponent] = value
    logarithms[value] = exponent
    value <<= 1
    if (value > order) value ^= polynomial
  }
  return { exponents, logarithms }
}
