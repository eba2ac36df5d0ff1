/** What people write for sizes, rates and times, and back. `undefined` when it cannot be understood. */
import { perSecondMax, type RateRule } from '#api/rate-limit'
import { parseBytes } from '#bytes/size'

export const chunkMebibytesMin = 4
export const chunkMebibytesMax = 256

/** `64`, `64M` or `64MiB`, from 4 to 256: bytes. */
export function parseChunkBytes(text: string): number | undefined {
  const match = /^(\d{1,3})\s*(m|mib)?$/i.exec(text.trim())
  const mebibytes = Number(match?.[1])
  const isWithin = mebibytes >= chunkMebibytesMin && mebibytes <= chunkMebibytesMax
  return isWithin ? mebibytes * 2 ** 20 : undefined
}

/** `100MB/s`, `100MB`; a bare number counts MB. Bytes per second. */
export function parseRate(text: string): number | undefined {
  const rate = text.trim().replace(/\/s$/i, '')
  const bytes = /^\d+$/.test(rate) ? Number(rate) * 1e6 : parseBytes(rate)
  return bytes !== undefined && bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}

/** The longest that a burst may be, in requests. */
export const burstMax = 1_000_000

/** `100` or `100:500`: how many a second, and how many at once; five seconds' worth when that is left out. */
export function parseRateRule(text: string): RateRule | undefined {
  const match = /^(\d{1,5}(?:\.\d{1,3})?)(?::(\d{1,7}))?$/.exec(text.trim())
  const perSecond = Number(match?.[1])
  const burst = Number(match?.[2] ?? Math.max(1, Math.ceil(perSecond * 5)))
  const isSensible = perSecond > 0 && perSecond <= perSecondMax && burst >= 1 && burst <= burstMax
  return isSensible ? { perSecond, burst } : undefined
}

const durationUnits: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `90s`, `30m`, `6h`, `1d`: milliseconds, at least one second. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})\s*([smhd])$/.exec(text.trim())
  const ms = Number(match?.[1]) * (durationUnits[match?.[2] ?? ''] ?? Number.NaN)
  return ms >= 1_000 ? ms : undefined
}

/** A time of day in the machine's time zone. */
export interface TimeOfDay {
  readonly hour: number
  readonly minute: number
}

/** `03:00` */
export function parseTimeOfDay(text: string): TimeOfDay | undefined {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text.trim())
  const hour = Number(match?.[1])
  const minute = Number(match?.[2])
  return hour < 24 && minute < 60 ? { hour, minute } : undefined
}

/** `64 MiB`, for people. */
export function printBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const power = bytes < 1024 ? 0 : Math.min(5, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[power]}`
}
