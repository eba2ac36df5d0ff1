import { includesEtag, parseEtags } from '#api/etags'
import { sha256HexOf } from '#crypto/digest'
import type { HttpRequest, HttpResponse } from '#http/message'

/** Of a digest: as much as tells documents of one address apart. */
const etagCharacters = 32

/**
 * A JSON document as an answer. What is read has an ETag, and is asked for anew each time, which costs nothing while it is the same: what somebody may
 * see changes with rights, so nobody keeps it unasked.
 */
export function answerDocument(
  { method, headers: asked }: Pick<HttpRequest, 'method' | 'headers'>,
  {
    status,
    body: text,
    isForAll = false,
  }: {
    readonly status: number
    readonly body: string
    /** Whoever asks gets the same. */
    readonly isForAll?: boolean
  },
): HttpResponse {
  const headers = { 'content-type': 'application/json' }
  const body = `${text}\n`
  if (method !== 'GET' && method !== 'HEAD')
    return { status, headers: { ...headers, 'cache-control': 'no-store' }, body }
  const etag = sha256HexOf(Buffer.from(body)).slice(0, etagCharacters)
  const kept = {
    etag: `"${etag}"`,
    'cache-control': isForAll ? 'no-cache' : 'private, no-cache',
    vary: 'Authorization',
  }
  const known = parseEtags(asked['if-none-match'])
  if (known !== undefined && includesEtag(known, etag)) return { status: 304, headers: kept }
  return { status, headers: { ...headers, ...kept }, body }
}
