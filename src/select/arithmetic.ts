/** `+ - * / %` on numbers: integers stay integers (`7 / 2` is 3), decimals are exact, and a float makes the result one. */
import { asDecimal, floatOf, isAbsent } from '#select/compare'
import {
  addDecimals,
  type Decimal,
  decimalRemainder,
  divideDecimals,
  multiplyDecimals,
  negateDecimal,
} from '#select/decimal'
import { selectFault } from '#select/faults'
import type { Arithmetic } from '#select/syntax'
import { checkedInteger, isNumeric, type Numeric, parseNumber, type Value } from '#select/value'

interface Operation {
  ofIntegers(left: bigint, right: bigint): bigint
  ofFloats(left: number, right: number): number
  ofDecimals(left: Decimal, right: Decimal): Decimal
}

const operations: Readonly<Record<Arithmetic, Operation>> = {
  '+': { ofIntegers: (a, b) => a + b, ofFloats: (a, b) => a + b, ofDecimals: addDecimals },
  '-': {
    ofIntegers: (a, b) => a - b,
    ofFloats: (a, b) => a - b,
    ofDecimals: (a, b) => addDecimals(a, negateDecimal(b)),
  },
  '*': { ofIntegers: (a, b) => a * b, ofFloats: (a, b) => a * b, ofDecimals: multiplyDecimals },
  '/': { ofIntegers: (a, b) => a / b, ofFloats: (a, b) => a / b, ofDecimals: divideDecimals },
  '%': { ofIntegers: (a, b) => a % b, ofFloats: (a, b) => a % b, ofDecimals: decimalRemainder },
}

/** The number a value is or, as text, stands for. `select/invalid-data-type` */
export function numberOf(value: NonNullable<Value>): Numeric {
  if (isNumeric(value)) return value
  const read = typeof value === 'string' ? parseNumber(value) : undefined
  if (read === undefined) {
    throw selectFault('select/invalid-data-type', {
      reason: 'A value that is no number stands where a number is needed.',
    })
  }
  return read
}

export function calculate(operator: Arithmetic, left: Value, right: Value): Numeric | null {
  if (isAbsent(left) || isAbsent(right)) return null
  return calculateNumbers(operator, numberOf(left), numberOf(right))
}

/** `select/divided-by-zero`, `select/integer-overflow` */
export function calculateNumbers(operator: Arithmetic, left: Numeric, right: Numeric): Numeric {
  if ((operator === '/' || operator === '%') && floatOf(right) === 0)
    throw selectFault('select/divided-by-zero')
  const { ofIntegers, ofFloats, ofDecimals } = operations[operator]
  if (typeof left === 'number' || typeof right === 'number')
    return ofFloats(floatOf(left), floatOf(right))
  if (typeof left === 'bigint' && typeof right === 'bigint')
    return checkedInteger(ofIntegers(left, right))
  return ofDecimals(asDecimal(left), asDecimal(right))
}

export function negate(value: Value): Numeric | null {
  return calculate('-', 0n, value)
}
