/** Answers whose bytes never change under their name: kept by browsers and caches for a year, in whole or in ranges (RFC 9110, RFC 8246). */
import { registryFault } from '#api/content/faults'
import { includesEtag, parseEtags } from '#api/etags'
import { readRange } from '#api/range'
import type { HttpHeaders, HttpResponse } from '#http/message'

const yearSeconds = 31_536_000

/** What the conditions of a request say about the bytes with this ETag, if they are there. */
export function judgeConditions(
  headers: HttpHeaders,
  etag: string,
): 'send' | 'not-modified' | 'failed' {
  const ifMatch = parseEtags(headers['if-match'])
  if (ifMatch !== undefined && !includesEtag(ifMatch, etag)) return 'failed'
  const ifNoneMatch = parseEtags(headers['if-none-match'])
  return ifNoneMatch !== undefined && includesEtag(ifNoneMatch, etag) ? 'not-modified' : 'send'
}

/** For `HEAD`, `If-None-Match` and `If-Match`, where the length is all that must be known. `registry/precondition-failed` */
export function immutableHead(
  verdict: ReturnType<typeof judgeConditions>,
  { etag, bytes }: { readonly etag: string; readonly bytes: number },
): HttpResponse {
  if (verdict === 'failed') throw registryFault('registry/precondition-failed')
  if (verdict === 'not-modified') return { status: 304, headers: lasting(etag) }
  return { status: 200, headers: { ...contentHeaders(etag), 'content-length': bytes } }
}

/** The bytes, or those that `Range` asks for. `registry/range-unsatisfiable` */
export function immutableBytes(
  headers: HttpHeaders,
  { etag, body }: { readonly etag: string; readonly body: Uint8Array },
): HttpResponse {
  const ifRange = headers['if-range']
  const isMeant = ifRange === undefined || ifRange === `"${etag}"`
  const range = isMeant ? readRange(headers['range'], body.length) : undefined
  if (range === undefined) return { status: 200, headers: contentHeaders(etag), body }
  if (range === 'unsatisfiable')
    throw registryFault('registry/range-unsatisfiable', { bytes: body.length })
  const { first, last } = range
  return {
    status: 206,
    headers: {
      ...contentHeaders(etag),
      'content-range': `bytes ${first}-${last}/${body.length}`,
    },
    body: body.subarray(first, last + 1),
  }
}

function lasting(etag: string): Readonly<Record<string, string>> {
  return {
    etag: `"${etag}"`,
    'cache-control': `public, max-age=${yearSeconds}, immutable`,
  }
}

/** Strangers have written it: no browser may take it for a page or a script. */
function contentHeaders(etag: string): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/octet-stream',
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    ...lasting(etag),
  }
}
