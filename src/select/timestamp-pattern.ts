/** Patterns of TO_STRING and TO_TIMESTAMP. https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-date.html */
import { selectFault } from '#select/faults'
import {
  type DatePart,
  type Fields,
  fieldsOf,
  makeTimestamp,
  offsetText,
  type Timestamp,
} from '#select/timestamp'

const months =
  'January February March April May June July August September October November December'.split(' ')

/** Runs of one letter that mean something, and text in quotes that means itself. */
const partPattern =
  /'((?:[^']|'')*)'|(yyyy|yy|y|MMMMM|MMMM|MMM|MM|M|dd|d|a|hh|h|HH|H|mm|m|ss|s|S{1,9}|n|X{1,5}|x{1,5})(?![a-zA-Z])|([a-zA-Z])|([^a-zA-Z'])/gy

interface Part {
  readonly symbol: string | undefined
  readonly literal: string
}

const patternMax = 256

/** `select/bad-timestamp-pattern` */
function readParts(pattern: string): readonly Part[] {
  if (pattern.length > patternMax) throw badPattern(pattern)
  const parts: Part[] = []
  let end = 0
  for (const match of pattern.matchAll(partPattern)) {
    const [whole, quoted, symbol, letter, other = ''] = match
    if (letter !== undefined) throw badPattern(pattern)
    const literal = whole === "''" ? "'" : (quoted?.replaceAll("''", "'") ?? other)
    parts.push({ symbol, literal })
    end = match.index + whole.length
  }
  if (end < pattern.length) throw badPattern(pattern)
  return parts
}

/** `select/bad-timestamp-pattern` */
export function timestampWriter(pattern: string): (timestamp: Timestamp) => string {
  const parts = readParts(pattern)
  return (timestamp) => {
    const fields = fieldsOf(timestamp)
    return parts
      .map(({ symbol, literal }) => (symbol === undefined ? literal : formatPart(symbol, fields)))
      .join('')
  }
}

function formatPart(symbol: string, fields: Fields): string {
  const { year, month, day, hour, minute, second, fraction, offsetMinutes } = fields
  const padded = (part: number): string => String(part).padStart(symbol.length, '0')
  const name = months[month - 1] ?? ''
  const nanoseconds = fraction.padEnd(9, '0')
  switch (symbol[0]) {
    case 'y':
      return symbol === 'yy' ? String(year % 100).padStart(2, '0') : padded(year)
    case 'M':
      if (symbol.length < 3) return padded(month)
      return symbol === 'MMMM' ? name : name.slice(0, symbol === 'MMM' ? 3 : 1)
    case 'd':
      return padded(day)
    case 'a':
      return hour < 12 ? 'AM' : 'PM'
    case 'h':
      return padded(hour % 12 === 0 ? 12 : hour % 12)
    case 'H':
      return padded(hour)
    case 'm':
      return padded(minute)
    case 's':
      return padded(second)
    case 'S':
      return nanoseconds.slice(0, symbol.length)
    case 'n':
      return String(Number(nanoseconds))
    default:
      return formatOffset(symbol, offsetMinutes)
  }
}

/** `X` writes UTC as `Z`; one letter gives hours, an even number of them no colon. */
function formatOffset(symbol: string, offsetMinutes: number): string {
  if (symbol.startsWith('X') && offsetMinutes === 0) return 'Z'
  if (symbol.length === 1) return offsetText(offsetMinutes, '').slice(0, 3)
  return offsetText(offsetMinutes, symbol.length % 2 === 0 ? '' : ':')
}

/** Gives `undefined` for text that is not as the pattern says, or no time of the calendar. `select/bad-timestamp-pattern` */
export function timestampReader(pattern: string): (text: string) => Timestamp | undefined {
  const parts = readParts(pattern)
  const symbols = parts.flatMap(({ symbol }) => symbol ?? [])
  const kinds = symbols.map((symbol) => symbol.charAt(0))
  const isAmbiguous = new Set(kinds).size < kinds.length || symbols.includes('MMMMM')
  if (isAmbiguous || !kinds.includes('y')) throw badPattern(pattern)
  if (kinds.includes('h') !== kinds.includes('a')) throw badPattern(pattern)
  const source = parts.map(({ symbol, literal }) =>
    symbol === undefined ? RegExp.escape(literal) : `(${sourceOf(symbol)})`,
  )
  const whole = new RegExp(`^${source.join('')}$`, 'i')
  return (text) => {
    const found = whole.exec(text)
    if (found === null) return undefined
    const read = new Map(symbols.map((symbol, index) => [symbol.charAt(0), found[index + 1] ?? '']))
    return makeTimestamp({
      year: yearOf(read.get('y') ?? '', symbols.includes('yy')),
      month: monthOf(read.get('M')),
      day: Number(read.get('d') ?? 1),
      hour: hourOf(read),
      minute: Number(read.get('m') ?? 0),
      second: Number(read.get('s') ?? 0),
      fraction: read.get('S') ?? read.get('n')?.padStart(9, '0') ?? '',
      offsetMinutes: offsetOf(read.get('X') ?? read.get('x')),
      precision: precisionOf(kinds),
    })
  }
}

/** Of fixed length, or of digits only: none can match in more than one way that matters. */
function sourceOf(symbol: string): string {
  switch (symbol) {
    case 'y':
    case 'yyyy':
      return '\\d{4}'
    case 'MMM':
      return months.map((name) => name.slice(0, 3)).join('|')
    case 'MMMM':
      return months.join('|')
    case 'a':
      return 'AM|PM'
    case 'n':
      return '\\d{1,9}'
    default:
      if (/^[Xx]/.test(symbol)) return offsetSource(symbol)
      return symbol.length === 1 && symbol !== 'S' ? '\\d{1,2}' : `\\d{${symbol.length}}`
  }
}

function offsetSource(symbol: string): string {
  const minutes = symbol.length === 1 ? '' : symbol.length % 2 === 0 ? '\\d\\d' : ':\\d\\d'
  return `${symbol.startsWith('X') ? 'Z|' : ''}[+-]\\d\\d${minutes}`
}

function yearOf(text: string, isShort: boolean): number {
  if (!isShort) return Number(text)
  return Number(text) < 70 ? 2000 + Number(text) : 1900 + Number(text)
}

function monthOf(text: string | undefined): number {
  if (text === undefined) return 1
  if (/^\d/.test(text)) return Number(text)
  const start = text.slice(0, 3).toLowerCase()
  return months.findIndex((name) => name.toLowerCase().startsWith(start)) + 1
}

function hourOf(read: ReadonlyMap<string, string>): number {
  const half = read.get('h')
  if (half === undefined) return Number(read.get('H') ?? 0)
  if (Number(half) < 1 || Number(half) > 12) return Number.NaN
  return (Number(half) % 12) + (read.get('a')?.toUpperCase() === 'PM' ? 12 : 0)
}

function offsetOf(text: string | undefined): number {
  if (text === undefined || /^z$/i.test(text)) return 0
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(3).replace(':', ''))
  return text.startsWith('-') ? -minutes : minutes
}

function precisionOf(kinds: readonly string[]): DatePart {
  if (kinds.some((kind) => 'sSn'.includes(kind))) return 'second'
  if (kinds.some((kind) => 'mHha'.includes(kind))) return 'minute'
  return kinds.includes('d') ? 'day' : kinds.includes('M') ? 'month' : 'year'
}

function badPattern(pattern: string): Error {
  return selectFault('select/bad-timestamp-pattern', {
    reason: `Time stamp format pattern ${JSON.stringify(pattern.slice(0, patternMax))} is not valid.`,
  })
}
