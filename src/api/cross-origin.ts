/** Which web pages may read answers (https://fetch.spec.whatwg.org/#http-cors-protocol). No credentials are ever among what a page may send. */
import type { HttpHeaders, HttpResponse } from '#http/message'

/** `*`: those of any origin. An empty list: none. */
export type CrossOrigins = '*' | readonly string[]

/** What pages may read of every door that they may ask. */
export const exposedHeaders =
  'Accept-Ranges, Content-Length, Content-Range, ETag, Location, Retry-After'
const mayBeSent =
  'Authorization, Content-Type, If-Match, If-None-Match, If-Range, Range, Traceparent'
const daySeconds = 86_400

/** The same for every origin when there is no list, so that caches need one copy. */
export function crossOriginHeaders(
  origins: CrossOrigins,
  { origin }: HttpHeaders,
  exposed: string = exposedHeaders,
): Readonly<Record<string, string>> {
  if (origins === '*')
    return { 'access-control-allow-origin': '*', 'access-control-expose-headers': exposed }
  if (origins.length === 0) return {}
  if (origin === undefined || !origins.includes(origin)) return { vary: 'Origin' }
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposed,
    vary: 'Origin',
  }
}

/** What a browser asks before it asks. `methods` are those that pages may use there. */
export function answerPreflight(methods: readonly string[]): HttpResponse {
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': mayBeSent,
      'access-control-max-age': daySeconds,
    },
  }
}
