/** Preconditions of RFC 9110 section 13, as S3 reads them. Pure. */
import { includesEtag, parseEtags } from '#api/etags'
import { s3Fault } from '#api/s3/faults'
import type { DeleteCondition, ObjectInfo, WriteCondition } from '#object/model'

type Headers = Readonly<Record<string, string | undefined>>

/** `If-Match` and `If-None-Match` of a request that writes. */
export function writeCondition(headers: Headers): { condition?: WriteCondition } {
  const ifMatch = parseEtags(headers['if-match'])
  const ifNoneMatch = parseEtags(headers['if-none-match'])
  if (ifMatch === undefined && ifNoneMatch === undefined) return {}
  return {
    condition: {
      ...(ifMatch === undefined ? {} : { ifMatch }),
      ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
    },
  }
}

/** What a delete asks of the version it is about. `s3/invalid-argument` for a size or a time that is none. */
export function deleteCondition({
  etag,
  size,
  modified,
}: {
  readonly etag: string | undefined
  readonly size: string | undefined
  readonly modified: string | undefined
}): { condition?: DeleteCondition } {
  const ifMatch = parseEtags(etag)
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw s3Fault('s3/invalid-argument', { argument: 'Size' })
  const modifiedAt = modified === undefined ? undefined : Date.parse(modified)
  if (Number.isNaN(modifiedAt))
    throw s3Fault('s3/invalid-argument', { argument: 'LastModifiedTime' })
  const condition = {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(size === undefined ? {} : { bytes: Number(size) }),
    ...(modifiedAt === undefined ? {} : { modifiedAt }),
  }
  return Object.keys(condition).length === 0 ? {} : { condition }
}

/**
 * Whether a read goes on. An ETag condition overrides the date condition of the same sense (RFC 9110 section 13.2.2).
 * `s3/precondition-failed` when the object is not the one that was meant.
 */
export function evaluateRead(
  headers: Headers,
  { etag, modifiedAt }: Pick<ObjectInfo, 'etag' | 'modifiedAt'>,
  { now }: { now(): number },
): 'send' | 'not-modified' {
  const ifMatch = parseEtags(headers['if-match'])
  const unmodifiedSince = parseDate(headers['if-unmodified-since'])
  const isMeant =
    ifMatch === undefined
      ? unmodifiedSince === undefined || wholeSeconds(modifiedAt) <= unmodifiedSince
      : includesEtag(ifMatch, etag)
  if (!isMeant) {
    const condition = ifMatch === undefined ? 'If-Unmodified-Since' : 'If-Match'
    throw s3Fault('s3/precondition-failed', { condition })
  }
  const ifNoneMatch = parseEtags(headers['if-none-match'])
  const modifiedSince = parsePastDate(headers['if-modified-since'], now())
  const isKnown =
    ifNoneMatch === undefined
      ? modifiedSince !== undefined && wholeSeconds(modifiedAt) <= modifiedSince
      : includesEtag(ifNoneMatch, etag)
  return isKnown ? 'not-modified' : 'send'
}

/** Whether `Range` counts: `If-Range` must name this very object. */
export function isRangeWanted(
  headers: Headers,
  { etag, modifiedAt }: Pick<ObjectInfo, 'etag' | 'modifiedAt'>,
): boolean {
  const ifRange = headers['if-range']
  if (ifRange === undefined) return true
  const date = parseDate(ifRange)
  if (date !== undefined) return wholeSeconds(modifiedAt) === date
  return !ifRange.startsWith('W/') && includesEtag(parseEtags(ifRange) ?? [], etag)
}

/** Milliseconds; a text that is no HTTP date is as good as none. */
export function parseDate(text: string | undefined): number | undefined {
  if (text === undefined || !/^[A-Za-z]{3,9}[ ,]/.test(text)) return undefined
  const hasZone = /(?:[A-Za-z]|[+-]\d{2}:?\d{2})$/.test(text.trim())
  const ms = Date.parse(hasZone ? text : `${text} GMT`) // HTTP dates are in GMT; asctime's do not say so
  return Number.isFinite(ms) ? ms : undefined
}

/** A time that has not come says nothing of what has changed since (RFC 9110 section 13.1.3): as good as none. */
export function parsePastDate(text: string | undefined, now: number): number | undefined {
  const date = parseDate(text)
  return date !== undefined && date <= now ? date : undefined
}

/** HTTP dates have no fractions: an object must not be newer than its own `Last-Modified`. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}
