/** Hashes of text that stands for bytes, one character per byte, as headers come off the wire. */
import { sha256HexOf } from '#crypto/digest'
import { hmacSha256Hex, isSameSecret } from '#crypto/hmac'
import type { QueryPair } from '#http/target'

export function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** Text as a header's value, and as it is signed: one character per byte of its UTF-8. */
export function asHeaderBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** A parameter of a URL as the header that it stands for: SDKs move headers there. */
export function movedHeader({ name, value }: QueryPair): readonly [name: string, value: string] {
  return [name.toLowerCase(), asHeaderBytes(value)]
}

/** Lower-case hex. */
export function sha256Hex(text: string): string {
  return sha256HexOf(latin1(text))
}

/** Lower-case hex. */
export function hmacHex(key: Uint8Array, text: string): string {
  return hmacSha256Hex(key, latin1(text))
}

/** In a time that depends on the lengths alone. */
export function isSameText(left: string, right: string): boolean {
  return isSameSecret(latin1(left), latin1(right))
}
