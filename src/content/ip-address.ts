/** IP addresses as text and as bytes, where there is no `node:net`: in a browser. */

export const ip4Bytes = 4
export const ip6Bytes = 16
const groups = 8

/** Dotted IPv4 without leading zeros, or IPv6 (RFC 4291 section 2.2) without a zone: 4 or 16 bytes. `undefined`: it is neither, a name for instance. */
export function parseIp(text: string): Uint8Array | undefined {
  return parseIp4(text) ?? parseIp6(text)
}

/** From 4 or 16 bytes: dotted, or the one spelling of RFC 5952. `parseIp` reads it back. */
export function formatIp(bytes: Uint8Array): string {
  return bytes.length === ip4Bytes ? bytes.join('.') : formatIp6(bytes)
}

/** The IPv4 address that an IPv6 one stands for (`::ffff:10.0.0.1`), or the address itself. */
export function unmapIp(bytes: Uint8Array): Uint8Array {
  return isMapped(bytes) ? bytes.slice(ip6Bytes - ip4Bytes) : bytes
}

function parseIp4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  const isDotted =
    parts.length === ip4Bytes && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))
  const bytes = parts.map(Number)
  return isDotted && bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : undefined
}

function parseIp6(text: string): Uint8Array | undefined {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0 || (tail === undefined && head === '')) return undefined
  const before = parseGroups(head, tail === undefined)
  const after = parseGroups(tail ?? '', true)
  if (before === undefined || after === undefined) return undefined
  const left = groups - before.length - after.length
  if (tail === undefined ? left !== 0 : left < 1) return undefined
  const values = [...before, ...Array.from({ length: left }, () => 0), ...after]
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]))
}

/** Values of 16 bits; at the end of an address the last two may be written as IPv4. */
function parseGroups(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const [a, b, c, d] = (isEnd ? parseIp4(parts.at(-1) ?? '') : undefined) ?? []
  const last = a === undefined ? [] : [(a << 8) | (b ?? 0), ((c ?? 0) << 8) | (d ?? 0)]
  const plain = last.length > 0 ? parts.slice(0, -1) : parts
  if (!plain.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined
  return [...plain.map((part) => Number.parseInt(part, 16)), ...last]
}

function formatIp6(bytes: Uint8Array): string {
  if (isMapped(bytes)) return `::ffff:${bytes.slice(ip6Bytes - ip4Bytes).join('.')}`
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const values = Array.from({ length: groups }, (_, index) => view.getUint16(2 * index))
  const { start, length } = longestZeros(values)
  const hex = (some: readonly number[]): string => some.map((value) => value.toString(16)).join(':')
  if (length < 2) return hex(values)
  return `${hex(values.slice(0, start))}::${hex(values.slice(start + length))}`
}

/** The first of the longest runs. */
function longestZeros(values: readonly number[]): {
  readonly start: number
  readonly length: number
} {
  let longest = { start: 0, length: 0 }
  let length = 0
  for (const [index, value] of values.entries()) {
    length = value === 0 ? length + 1 : 0
    if (length > longest.length) longest = { start: index + 1 - length, length }
  }
  return longest
}

/** RFC 4291 section 2.5.5.2 */
function isMapped(bytes: Uint8Array): boolean {
  return (
    bytes.length === ip6Bytes &&
    bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff &&
    bytes[11] === 0xff
  )
}
