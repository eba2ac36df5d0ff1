/** `Range` and `If-Range`, as every door reads them. Pure. */

export interface Bytes {
  readonly first: number
  readonly last: number
}

/**
 * The bytes that a `Range` header asks of `bytes` many (RFC 9110 section 14). `undefined` for the whole: no header, another unit, text
 * that is no range, or several ranges, which are answered with everything. `unsatisfiable` when nothing of it exists.
 */
export function readRange(
  header: string | undefined,
  bytes: number,
): Bytes | 'unsatisfiable' | undefined {
  const parts = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)$/i.exec(header?.trim() ?? '')
  if (parts === null) return undefined
  const [, first = '', last = ''] = parts
  if (first === '' && last === '') return undefined
  const range =
    first === ''
      ? { first: Math.max(0, bytes - Number(last)), last: bytes - 1 }
      : { first: Number(first), last: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) }
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  const isThere = range.first < bytes && !(first === '' && Number(last) === 0)
  return isThere ? range : 'unsatisfiable'
}
