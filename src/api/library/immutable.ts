/** Answers whose bytes never change under their name: kept for a year, whole or in ranges (RFC 9110, RFC 8246, RFC 9530). */
import { includesEtag, parseEtags } from '#api/etags'
import { libraryDoorFault } from '#api/library/faults'
import { type Bytes, readRange } from '#api/range'
import type { HttpHeaders } from '#http/message'
import type { Visibility } from '#library/model'

const yearSeconds = 31_536_000

export interface Immutable {
  /** SHA-256, lowercase hex. */
  readonly digest: string
  readonly bytes: number
  readonly visibility: Visibility
}

export interface Answer {
  readonly status: 200 | 206 | 304
  readonly headers: Readonly<Record<string, string | number>>
  /** The bytes to send; `undefined` for all of them. */
  readonly range?: Bytes
}

/** `library-door/precondition-failed`, `library-door/range-unsatisfiable` */
export function answerImmutable(headers: HttpHeaders, what: Immutable): Answer {
  const { digest, bytes } = what
  const etag = `sha256:${digest}`
  const ifMatch = parseEtags(headers['if-match'])
  if (ifMatch !== undefined && !includesEtag(ifMatch, etag))
    throw libraryDoorFault('library-door/precondition-failed')
  const kept = lasting(what)
  const ifNoneMatch = parseEtags(headers['if-none-match'])
  if (ifNoneMatch !== undefined && includesEtag(ifNoneMatch, etag))
    return { status: 304, headers: kept }
  const ifRange = headers['if-range']
  const isMeant = ifRange === undefined || ifRange === `"${etag}"`
  const range = isMeant ? readRange(headers['range'], bytes) : undefined
  if (range === 'unsatisfiable')
    throw libraryDoorFault('library-door/range-unsatisfiable', { bytes })
  const described = {
    ...kept,
    'accept-ranges': 'bytes',
    'repr-digest': `sha-256=:${Buffer.from(digest, 'hex').toString('base64')}:`,
  }
  if (range === undefined)
    return { status: 200, headers: { ...described, 'content-length': bytes } }
  const { first, last } = range
  return {
    status: 206,
    headers: {
      ...described,
      'content-range': `bytes ${first}-${last}/${bytes}`,
      'content-length': last - first + 1,
    },
    range,
  }
}

/** What not everybody may read, only the browser of who may keeps. */
function lasting({ digest, visibility }: Immutable): Readonly<Record<string, string>> {
  const whose = visibility === 'public' ? 'public' : 'private'
  return {
    etag: `"sha256:${digest}"`,
    'cache-control': `${whose}, max-age=${yearSeconds}, immutable`,
    vary: 'Authorization',
  }
}
