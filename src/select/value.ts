/**
 * What an expression comes to. SQL's MISSING (nothing is there) is `undefined`, its NULL (there is nothing) `null`; an INT is a `bigint`, a
 * FLOAT a `number`. Nested data of a JSON record stays as it was parsed.
 */
import { type Decimal, decimalText, parseDecimal } from '#select/decimal'
import { selectFault } from '#select/faults'
import { type Timestamp, timestampText } from '#select/timestamp'

export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [name: string]: Json }

export interface Nested {
  readonly kind: 'nested'
  readonly json: readonly Json[] | { readonly [name: string]: Json }
}

export type Numeric = bigint | number | Decimal
export type Value = undefined | null | boolean | Numeric | string | Timestamp | Nested

const integerMax = 2n ** 63n - 1n
const integerMin = -(2n ** 63n)

/** `select/integer-overflow` beyond 64 bits. */
export function checkedInteger(integer: bigint): bigint {
  if (integer > integerMax || integer < integerMin) throw selectFault('select/integer-overflow')
  return integer
}

/** The number a text stands for, whatever is around it of blanks; `undefined` for other text. */
export function parseNumber(text: string): Numeric | undefined {
  const trimmed = text.trim()
  if (/^[+-]?\d{1,18}$/.test(trimmed)) return BigInt(trimmed)
  const decimal = parseDecimal(trimmed)
  if (decimal !== undefined) return decimal.scale === 0 ? integerOrDecimal(decimal) : decimal
  return /^[+-]?(?:\d+\.?\d*|\.\d+)[eE][+-]?\d{1,4}$/.test(trimmed) ? Number(trimmed) : undefined
}

export function isNumeric(value: Value): value is Numeric {
  return (
    typeof value === 'bigint' ||
    typeof value === 'number' ||
    (typeof value === 'object' && value?.kind === 'decimal')
  )
}

/** A member or element of a JSON record. Numbers keep the digits they were written with, up to 17. */
export function fromJson(json: Json | undefined): Value {
  switch (typeof json) {
    case 'number':
      if (Number.isSafeInteger(json)) return BigInt(json)
      return parseNumber(String(json)) ?? json
    case 'bigint':
      return integerOrDecimal({ kind: 'decimal', unscaled: json, scale: 0 })
    case 'object':
      return json === null ? null : { kind: 'nested', json }
    default:
      return json
  }
}

/** As CSV has it: nothing for NULL and MISSING. */
export function textOfValue(value: Value): string {
  switch (typeof value) {
    case 'undefined':
      return ''
    case 'string':
      return value
    case 'object':
      if (value === null) return ''
      return value.kind === 'timestamp' ? timestampText(value) : jsonOfValue(value)
    default:
      return String(value)
  }
}

/** As JSON has it; MISSING must have been left out. */
export function jsonOfValue(value: Value): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'object':
      return value === null ? 'null' : jsonOfThing(value)
    default:
      return String(value ?? null)
  }
}

function jsonOfThing(thing: Decimal | Timestamp | Nested): string {
  switch (thing.kind) {
    case 'decimal':
      return decimalText(thing)
    case 'timestamp':
      return JSON.stringify(timestampText(thing))
    case 'nested':
      return jsonText(thing.json)
  }
}

/** Without blanks. Integers past 2^53 keep all their digits. */
export function jsonText(json: Json): string {
  if (typeof json === 'bigint') return String(json)
  if (json === null || typeof json !== 'object') return JSON.stringify(json)
  if (isJsonList(json)) return `[${json.map(jsonText).join(',')}]`
  const members = Object.entries(json).map(
    ([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`,
  )
  return `{${members.join(',')}}`
}

const nestedLengths = new WeakMap<Nested['json'], number>()

/** How many characters whoever looks at all of it sees; 1 for what is small anyway. */
export function lengthOf(value: Value): number {
  if (typeof value === 'string') return value.length + 1
  if (typeof value !== 'object' || value?.kind !== 'nested') return 1
  const known = nestedLengths.get(value.json)
  if (known !== undefined) return known
  const { length } = jsonText(value.json)
  nestedLengths.set(value.json, length)
  return length
}

export function isJsonList(json: Json): json is readonly Json[] {
  return Array.isArray(json)
}

function integerOrDecimal(decimal: Decimal): bigint | Decimal {
  const { unscaled } = decimal
  return unscaled > integerMax || unscaled < integerMin ? decimal : unscaled
}
