/** CAST. https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-conversion.html */
import { asDecimal, floatOf, isAbsent, parseBoolean } from '#select/compare'
import {
  type Decimal,
  digitsOf,
  parseDecimal,
  roundDecimal,
  truncateDecimal,
} from '#select/decimal'
import { selectFault } from '#select/faults'
import { decimalDigitsMax } from '#select/limits'
import type { Type } from '#select/syntax'
import { parseTimestamp } from '#select/timestamp'
import {
  checkedInteger,
  isNumeric,
  type Numeric,
  parseNumber,
  textOfValue,
  type Value,
} from '#select/value'

/** NULL and MISSING stay what they are. `select/cast-failed` */
export function cast(value: Value, type: Type): Value {
  if (isAbsent(value)) return value
  const found = convert(value, type)
  if (found === undefined) {
    throw selectFault('select/cast-failed', {
      reason: `Attempt to convert from one data type to another using CAST failed: a value is no ${type.name}.`,
    })
  }
  return found
}

function convert(value: NonNullable<Value>, type: Type): Value {
  switch (type.name) {
    case 'string':
      return textOfValue(value)
    case 'bool':
      return toBoolean(value)
    case 'timestamp':
      if (typeof value === 'string') return parseTimestamp(value.trim())
      return typeof value === 'object' && value.kind === 'timestamp' ? value : undefined
    case 'int':
    case 'float':
    case 'decimal': {
      const number = toNumber(value)
      return number === undefined ? undefined : toType(number, type)
    }
  }
}

function toBoolean(value: NonNullable<Value>): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (isNumeric(value)) return floatOf(value) !== 0
  return typeof value === 'string' ? parseBoolean(value) : undefined
}

function toNumber(value: NonNullable<Value>): Numeric | undefined {
  if (isNumeric(value)) return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'string' ? parseNumber(value) : undefined
}

function toType(number: Numeric, type: Type): Numeric | undefined {
  if (type.name === 'float') return floatOf(number)
  if (typeof number === 'number' && !Number.isFinite(number)) return undefined
  if (type.name === 'int') {
    if (typeof number === 'number') return checkedInteger(BigInt(Math.trunc(number)))
    return checkedInteger(truncateDecimal(asDecimal(number)))
  }
  const decimal = typeof number === 'number' ? decimalOfFloat(number) : asDecimal(number)
  return decimal === undefined || type.name !== 'decimal' ? undefined : toDecimal(decimal, type)
}

function toDecimal(
  decimal: Decimal,
  { precision = decimalDigitsMax, scale }: { readonly precision?: number; readonly scale?: number },
): Decimal | undefined {
  const rounded = scale === undefined ? decimal : roundDecimal(decimal, scale)
  return digitsOf(rounded.unscaled) > precision ? undefined : rounded
}

/** As many digits as tell it from other floats. */
function decimalOfFloat(float: number): Decimal | undefined {
  const text = String(float)
  return parseDecimal(text.includes('e') ? float.toFixed(20) : text)
}
