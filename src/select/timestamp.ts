/** Points in time as Amazon Ion writes them: `2007T` to `2007-02-23T12:14:33.079-08:00`, with as much precision as was given. */

export type DatePart = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'

export interface Timestamp {
  readonly kind: 'timestamp'
  /** Milliseconds since 1970, UTC. */
  readonly ms: number
  /** East of Greenwich. */
  readonly offsetMinutes: number
  /** The finest part that was given; hours come with minutes. */
  readonly precision: DatePart
  /** Digits of a second that were given: 0 to 9. What is finer than a millisecond is kept apart. */
  readonly fractionDigits: number
  /** 0 to 999,999, behind the millisecond. */
  readonly nanoseconds: number
}

const pattern =
  /^(\d{4})(?:T|-(\d\d)(?:T|-(\d\d)(?:T?|T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d))))$/

/** `undefined` for text that is none, or no day of the calendar. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const parts = pattern.exec(text)
  if (parts === null) return undefined
  const [, year = '', month, day, hour, minute, second, fraction = '', zone] = parts
  const precision =
    month === undefined
      ? 'year'
      : day === undefined
        ? 'month'
        : hour === undefined
          ? 'day'
          : second === undefined
            ? 'minute'
            : 'second'
  return makeTimestamp({
    year: Number(year),
    month: Number(month ?? 1),
    day: Number(day ?? 1),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    fraction,
    offsetMinutes: parseOffset(zone),
    precision,
  })
}

export interface Fields {
  readonly year: number
  /** From 1. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** Digits behind the point. */
  readonly fraction: string
  readonly offsetMinutes: number
  readonly precision: DatePart
}

/** `undefined` for what no calendar or clock has. */
export function makeTimestamp(fields: Fields): Timestamp | undefined {
  const { year, month, day, hour, minute, second, fraction, offsetMinutes, precision } = fields
  const isOfClock = hour < 24 && minute < 60 && second < 60 && Math.abs(offsetMinutes) < 24 * 60
  if (!isOfClock || month < 1 || month > 12 || day < 1 || day > daysIn(year, month))
    return undefined
  const nanoseconds = Number(fraction.padEnd(9, '0'))
  const local = utc(year, month - 1, day, hour, minute, second) + Math.floor(nanoseconds / 1e6)
  return {
    kind: 'timestamp',
    ms: local - offsetMinutes * 60_000,
    offsetMinutes,
    precision,
    fractionDigits: fraction.length,
    nanoseconds: nanoseconds % 1e6,
  }
}

/** Now, to the millisecond, in UTC. */
export function timestampOf(ms: number): Timestamp {
  return {
    kind: 'timestamp',
    ms,
    offsetMinutes: 0,
    precision: 'second',
    fractionDigits: 3,
    nanoseconds: 0,
  }
}

/** Its fields where it was taken. */
export function fieldsOf(timestamp: Timestamp): Fields {
  const { ms, offsetMinutes, precision } = timestamp
  const local = new Date(ms + offsetMinutes * 60_000)
  const fraction = String(local.getUTCMilliseconds() * 1e6 + timestamp.nanoseconds)
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    fraction: fraction.padStart(9, '0').slice(0, timestamp.fractionDigits),
    offsetMinutes,
    precision,
  }
}

export function timestampText(timestamp: Timestamp): string {
  const { year, month, day, hour, minute, second, fraction, offsetMinutes } = fieldsOf(timestamp)
  const { precision } = timestamp
  const two = (part: number): string => String(part).padStart(2, '0')
  const date = String(year).padStart(4, '0')
  if (precision === 'year') return `${date}T`
  if (precision === 'month') return `${date}-${two(month)}T`
  if (precision === 'day') return `${date}-${two(month)}-${two(day)}T`
  const seconds = precision === 'second' ? `:${two(second)}${fraction && `.${fraction}`}` : ''
  const time = `${two(hour)}:${two(minute)}${seconds}`
  const zone = offsetMinutes === 0 ? 'Z' : offsetText(offsetMinutes, ':')
  return `${date}-${two(month)}-${two(day)}T${time}${zone}`
}

/** `+07:00`, with what is wanted between hours and minutes. */
export function offsetText(offsetMinutes: number, between: string): string {
  const minutes = Math.abs(offsetMinutes)
  const two = (part: number): string => String(part).padStart(2, '0')
  const sign = offsetMinutes < 0 ? '-' : '+'
  return `${sign}${two(Math.floor(minutes / 60))}${between}${two(minutes % 60)}`
}

/** Adds whole parts; what the target month does not have becomes its last day. `undefined` beyond the years 1 to 9999. */
export function addToTimestamp(
  timestamp: Timestamp,
  part: DatePart,
  count: number,
): Timestamp | undefined {
  const added =
    part === 'year' || part === 'month'
      ? addMonths(timestamp, part === 'year' ? count * 12 : count)
      : { ...timestamp, ms: timestamp.ms + count * msOf[part] }
  if (added === undefined || Number.isNaN(added.ms)) return undefined
  const { year } = fieldsOf(added)
  if (Number.isNaN(year) || year < 1 || year > 9999) return undefined
  return { ...added, precision: finerOf(timestamp.precision, part) }
}

/** How many whole parts lie between: of a day 24 hours, of a month its day of the next one. */
export function betweenTimestamps(part: DatePart, from: Timestamp, to: Timestamp): bigint {
  if (part !== 'year' && part !== 'month') return BigInt(Math.trunc((to.ms - from.ms) / msOf[part]))
  const [a, b] = [fieldsOf(from), fieldsOf(to)]
  let months = (b.year - a.year) * 12 + b.month - a.month
  const reached = addMonths(from, months)?.ms ?? from.ms
  if (months > 0 && reached > to.ms) months -= 1
  if (months < 0 && reached < to.ms) months += 1
  return BigInt(part === 'month' ? months : Math.trunc(months / 12))
}

const msOf = { day: 86_400_000, hour: 3_600_000, minute: 60_000, second: 1_000 } as const
const fineness: readonly DatePart[] = ['year', 'month', 'day', 'hour', 'minute', 'second']

/** Hours never come without minutes. */
function finerOf(one: DatePart, other: DatePart): DatePart {
  const finer = Math.max(fineness.indexOf(one), fineness.indexOf(other))
  return fineness[finer === fineness.indexOf('hour') ? finer + 1 : finer] ?? one
}

function addMonths(timestamp: Timestamp, count: number): Timestamp | undefined {
  const fields = fieldsOf(timestamp)
  const months = fields.year * 12 + fields.month - 1 + count
  const [year, month] = [Math.floor(months / 12), (((months % 12) + 12) % 12) + 1]
  if (!(year >= 1 && year <= 9999)) return undefined
  const moved = makeTimestamp({
    ...fields,
    year,
    month,
    day: Math.min(fields.day, daysIn(year, month)),
  })
  return moved && { ...moved, nanoseconds: timestamp.nanoseconds }
}

function daysIn(year: number, month: number): number {
  return new Date(utc(year, month, 0, 0, 0, 0)).getUTCDate()
}

/** `Date.UTC` without its years 1900 to 1999 for 0 to 99. */
function utc(
  ...[year, month, day, hour, minute, second]: [number, number, number, number, number, number]
): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  date.setUTCHours(hour, minute, second)
  return date.getTime()
}

function parseOffset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return zone.startsWith('-') ? -minutes : minutes
}
