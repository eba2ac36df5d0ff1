/** Exact decimal numbers of up to 38 digits: `unscaled` · 10^-`scale`. More digits are rounded, half away from zero. */
import { strict as assert } from 'node:assert'
import { selectFault } from '#select/faults'
import { decimalDigitsMax } from '#select/limits'

/** In front of the point, of what is read and of results. */
const wholeDigitsMax = 4 * decimalDigitsMax

export interface Decimal {
  readonly kind: 'decimal'
  readonly unscaled: bigint
  /** Digits behind the point, not negative. */
  readonly scale: number
}

/** Of an integer. */
export function decimalOf(integer: bigint): Decimal {
  return { kind: 'decimal', unscaled: integer, scale: 0 }
}

/** `12.50` and the like, without exponent; `undefined` for other text. */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text)
  if (parts === null) return undefined
  const [, sign, whole = '', fraction = ''] = parts
  if (whole === '' && fraction === '') return undefined
  if (whole.length + fraction.length > wholeDigitsMax) return undefined
  const digits = BigInt(whole + fraction)
  return fitted(sign === '-' ? -digits : digits, fraction.length)
}

export function decimalText({ unscaled, scale }: Decimal): string {
  if (scale === 0) return String(unscaled)
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return fitted(unscaledAt(a, scale) + unscaledAt(b, scale), scale)
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return fitted(a.unscaled * b.unscaled, a.scale + b.scale)
}

/** To as many digits as there is room for, without trailing zeros. The divisor is not zero. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  assert(b.unscaled !== 0n)
  const room = decimalDigitsMax - digitsOf(a.unscaled) + digitsOf(b.unscaled)
  const shift = Math.max(room, b.scale - a.scale, 0)
  const quotient = roundedQuotient(a.unscaled * 10n ** BigInt(shift), b.unscaled)
  return trimmed(fitted(quotient, a.scale + shift - b.scale))
}

/** Of the sign of `a`. The divisor is not zero. */
export function decimalRemainder(a: Decimal, b: Decimal): Decimal {
  assert(b.unscaled !== 0n)
  const scale = Math.max(a.scale, b.scale)
  return fitted(unscaledAt(a, scale) % unscaledAt(b, scale), scale)
}

export function negateDecimal({ unscaled, scale }: Decimal): Decimal {
  return { kind: 'decimal', unscaled: -unscaled, scale }
}

/** Negative, zero or positive. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale)
  const [left, right] = [unscaledAt(a, scale), unscaledAt(b, scale)]
  return left < right ? -1 : left > right ? 1 : 0
}

export function roundDecimal(decimal: Decimal, scale: number): Decimal {
  if (decimal.scale <= scale) {
    return { kind: 'decimal', unscaled: unscaledAt(decimal, scale), scale }
  }
  const unscaled = roundedQuotient(decimal.unscaled, 10n ** BigInt(decimal.scale - scale))
  return { kind: 'decimal', unscaled, scale }
}

/** The integer part. */
export function truncateDecimal({ unscaled, scale }: Decimal): bigint {
  return unscaled / 10n ** BigInt(scale)
}

export function digitsOf(integer: bigint): number {
  return String(integer < 0n ? -integer : integer).length
}

function unscaledAt(decimal: Decimal, scale: number): bigint {
  return decimal.unscaled * 10n ** BigInt(scale - decimal.scale)
}

/** Cut to the digits there is room for; digits in front of the point stay. `select/integer-overflow` when there are too many of them to reckon with. */
function fitted(unscaled: bigint, scale: number): Decimal {
  const digits = digitsOf(unscaled)
  if (digits - scale > wholeDigitsMax) throw selectFault('select/integer-overflow')
  const excess = Math.min(digits - decimalDigitsMax, scale)
  if (excess <= 0) return { kind: 'decimal', unscaled, scale }
  return {
    kind: 'decimal',
    unscaled: roundedQuotient(unscaled, 10n ** BigInt(excess)),
    scale: scale - excess,
  }
}

function trimmed({ unscaled, scale }: Decimal): Decimal {
  let [digits, places] = [unscaled, scale]
  while (places > 0 && digits % 10n === 0n) {
    digits /= 10n
    places -= 1
  }
  return { kind: 'decimal', unscaled: digits, scale: places }
}

function roundedQuotient(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  const rest = dividend % divisor
  const isHalf = (rest < 0n ? -rest : rest) * 2n >= (divisor < 0n ? -divisor : divisor)
  if (!isHalf) return quotient
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n
}
