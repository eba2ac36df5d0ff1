/** `+ - * / %` on numbers: integers stay integers (`7 / 2` is 3), decimals are exact, and a float makes the result one. */
import { asDecimal, floatOf, isAbsent } from '#select/compare'
import {
  addDecimals,
  decimalRemainder,
  divideDecimals,
  multiplyDecimals,
  negateDecimal,
} from '#select/decimal'
import { selectFault } from '#select/faults'
import type { Arithmetic } from '#select/syntax'
import { checkedInteger, isNumeric, type Numeric, parseNumber, type Value } from '#select/value'

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
  if (typeof left === 'number' || typeof right === 'number')
    return ofFloats(operator, floatOf(left), floatOf(right))
  if (typeof left === 'bigint' && typeof right === 'bigint')
    return checkedInteger(ofIntegers(operator, left, right))
  const [a, b] = [asDecimal(left), asDecimal(right)]
  switch (operator) {
    case '+':
      return addDecimals(a, b)
    case '-':
      return addDecimals(a, negateDecimal(b))
    case '*':
      return multiplyDecimals(a, b)
    case '/':
      return divideDecimals(a, b)
    case '%':
      return decimalRemainder(a, b)
  }
}

export function negate(value: Value): Numeric | null {
  return calculate('-', 0n, value)
}

function ofIntegers(operator: Arithmetic, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      return left % right
  }
}

function ofFloats(operator: Arithmetic, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      return left % right
  }
}
