/** How values stand to each other. With NULL or MISSING on a side nobody knows (`null`). */
import { compareDecimals, type Decimal, decimalOf, decimalText } from '#select/decimal'
import type { Comparison } from '#select/syntax'
import { parseTimestamp, type Timestamp } from '#select/timestamp'
import { isNumeric, jsonText, type Numeric, parseNumber, type Value } from '#select/value'

export function isAbsent(value: Value): value is null | undefined {
  return value === null || value === undefined
}

export function compare(operator: Comparison, left: Value, right: Value): boolean | null {
  if (isAbsent(left) || isAbsent(right)) return null
  const order = orderOf(left, right)
  if (order === undefined) return operator === '=' ? false : operator === '<>' ? true : null
  switch (operator) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

export function isEqual(left: Value, right: Value): boolean {
  return compare('=', left, right) === true
}

/** Text beside another type is read as one of that type. `undefined` for what has no order between them. */
function orderOf(left: NonNullable<Value>, right: NonNullable<Value>): number | undefined {
  if (typeof left === 'string') {
    if (typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
    const read = readLike(right, left)
    return read === undefined ? undefined : orderOf(read, right)
  }
  if (typeof right === 'string') {
    const read = readLike(left, right)
    return read === undefined ? undefined : orderOf(left, read)
  }
  if (isNumeric(left)) return isNumeric(right) ? orderOfNumbers(left, right) : undefined
  if (typeof left === 'boolean')
    return typeof right === 'boolean' ? Number(left) - Number(right) : undefined
  if (typeof right !== 'object') return undefined
  if (left.kind === 'timestamp')
    return right.kind === 'timestamp' ? orderOfTimestamps(left, right) : undefined
  if (right.kind !== 'nested') return undefined
  return jsonText(left.json) === jsonText(right.json) ? 0 : undefined
}

function readLike(
  pattern: Exclude<NonNullable<Value>, string>,
  text: string,
): Exclude<NonNullable<Value>, string> | undefined {
  if (isNumeric(pattern)) return parseNumber(text)
  if (typeof pattern === 'boolean') return parseBoolean(text)
  return pattern.kind === 'timestamp' ? parseTimestamp(text) : undefined
}

export function parseBoolean(text: string): boolean | undefined {
  const word = text.trim().toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : undefined
}

export function orderOfNumbers(left: Numeric, right: Numeric): number {
  if (typeof left === 'number' || typeof right === 'number') {
    const [a, b] = [floatOf(left), floatOf(right)]
    return a < b ? -1 : a > b ? 1 : 0
  }
  if (typeof left === 'bigint' && typeof right === 'bigint')
    return left < right ? -1 : left > right ? 1 : 0
  return compareDecimals(asDecimal(left), asDecimal(right))
}

export function orderOfTimestamps(left: Timestamp, right: Timestamp): number {
  return left.ms - right.ms || left.nanoseconds - right.nanoseconds
}

export function floatOf(value: Numeric): number {
  return typeof value === 'object' ? Number(decimalText(value)) : Number(value)
}

export function asDecimal(value: bigint | Decimal): Decimal {
  return typeof value === 'bigint' ? decimalOf(value) : value
}
