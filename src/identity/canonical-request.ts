/**
 * SigV4's canonical request, from the bytes that were sent: S3 encodes the path once, other services twice.
 * Everything is latin-1 text, one character per byte, so header bytes that are no ASCII hash as the client hashed them.
 */
import type { HttpHeaders } from '#http/message'
import { percentDecode, type QueryPair } from '#http/target'

export interface CanonicalParts {
  readonly method: string
  readonly path: string
  /** Without the signature itself. */
  readonly query: readonly QueryPair[]
  readonly headers: HttpHeaders
  /** In the client's order, lower case. */
  readonly signedHeaders: readonly string[]
  /** `x-amz-content-sha256` as sent, or its default. */
  readonly contentHash: string
}

export function canonicalRequest(parts: CanonicalParts): string {
  const headers = parts.signedHeaders
    .map((name) => `${name}:${canonicalValue(parts.headers[name] ?? '')}\n`)
    .join('')
  return [
    parts.method,
    parts.path,
    canonicalQuery(parts.query),
    headers,
    parts.signedHeaders.join(';'),
    parts.contentHash,
  ].join('\n')
}

/**
 * The spellings of the path that a client may have signed: S3's own (decoded, then encoded once), and what it sent if that differs
 * (`a+b`, `%7E`, lower-case escapes, an encoded `/`). Signing either proves the same knowledge of the secret for the same target.
 */
export function canonicalPaths(rawPath: string): readonly string[] {
  if (/^[A-Za-z0-9\-._~/]*$/.test(rawPath)) return [rawPath]
  const encoded = percentDecode(rawPath).split('/').map(uriEncode).join('/')
  return encoded === rawPath ? [rawPath] : [encoded, rawPath]
}

/** RFC 3986: all but unreserved characters, as upper-case escapes of UTF-8. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function canonicalQuery(query: readonly QueryPair[]): string {
  return query
    .map(({ name, value }) => `${uriEncode(name)}=${uriEncode(value)}`)
    .sort(byBytes)
    .join('&')
}

/** By name, then value. `=` sorts after digits but before letters, so pairs are compared without it. */
function byBytes(left: string, right: string): number {
  const [leftName = '', leftValue = ''] = left.split('=')
  const [rightName = '', rightValue = ''] = right.split('=')
  if (leftName !== rightName) return leftName < rightName ? -1 : 1
  return leftValue < rightValue ? -1 : leftValue > rightValue ? 1 : 0
}

/** Only blanks and tabs count: other characters that JavaScript calls white space may be bytes of UTF-8. */
function canonicalValue(value: string): string {
  return value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')
}
