/** A request target, taken apart without losing a byte: signatures cover what was sent, doors act on what it means. */
import { httpFault } from '#http/faults'

export interface QueryPair {
  readonly name: string
  readonly value: string
}

export interface RequestTarget {
  /** From the first `/`, still percent-encoded, one character per byte. */
  readonly rawPath: string
  /** In the order sent, decoded. `?a`, `?a=` and `?a=&` all give `a` with an empty value. */
  readonly query: readonly QueryPair[]
}

/**
 * Origin form (`/path?query`) or absolute form (`http://host/path?query`, RFC 9112 section 3.2.2).
 * `http/malformed-target` for anything else and for broken percent-encoding in the query.
 */
export function parseTarget(target: string): RequestTarget {
  const origin = target.replace(/^https?:\/\/[^/?]*/i, '')
  const mark = origin.indexOf('?')
  const rawPath = mark < 0 ? origin : origin.slice(0, mark)
  if (!rawPath.startsWith('/') && !(rawPath === '' && target !== '' && target !== origin)) {
    throw httpFault('http/malformed-target', { target: target.slice(0, 80) })
  }
  const rawQuery = mark < 0 ? '' : origin.slice(mark + 1)
  return { rawPath: rawPath === '' ? '/' : rawPath, query: parseQuery(rawQuery) }
}

/** Text of the bytes that `text` encodes; `+` stays. `http/malformed-target` for a broken escape or bytes that are no UTF-8. */
export function percentDecode(text: string): string {
  if (/^[!-$&-~]*$/.test(text)) return text
  const bytes = Buffer.alloc(text.length)
  let length = 0
  for (let index = 0; index < text.length; index++) {
    let byte = text.charCodeAt(index)
    if (byte === percent) {
      const digits = text.slice(index + 1, index + 3)
      if (!/^[0-9A-Fa-f]{2}$/.test(digits)) throw malformed(text)
      byte = Number.parseInt(digits, 16)
      index += 2
    }
    bytes[length++] = byte
  }
  try {
    return utf8.decode(bytes.subarray(0, length))
  } catch (cause) {
    throw malformed(text, cause)
  }
}

const percent = '%'.charCodeAt(0)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `name=value&…`, as queries and forms have it. `http/malformed-target` for a broken escape or bytes that are no UTF-8. */
export function parseQuery(rawQuery: string): readonly QueryPair[] {
  if (rawQuery === '') return []
  return rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      if (equals < 0) return { name: decodeQueryText(pair), value: '' }
      return {
        name: decodeQueryText(pair.slice(0, equals)),
        value: decodeQueryText(pair.slice(equals + 1)),
      }
    })
}

/** In a query, `+` is a space, as forms write it and as S3 reads it. */
function decodeQueryText(text: string): string {
  return percentDecode(text.includes('+') ? text.replaceAll('+', ' ') : text)
}

function malformed(text: string, cause?: unknown): Error {
  return httpFault('http/malformed-target', { text: text.slice(0, 80) }, cause)
}
