/** Hashes of text that stands for bytes, one character per byte, as headers come off the wire. */
import { toHex } from '#bytes/text'
import { digestOf } from '#crypto/digest'
import { hmacSha256, isSameSecret } from '#crypto/hmac'

export function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** Lower-case hex. */
export function sha256Hex(text: string): string {
  return toHex(digestOf(latin1(text), 'sha256'))
}

/** Lower-case hex. */
export function hmacHex(key: Uint8Array, text: string): string {
  return Buffer.from(hmacSha256(key, latin1(text))).toString('hex')
}

/** In a time that depends on the lengths alone. */
export function isSameText(left: string, right: string): boolean {
  return isSameSecret(latin1(left), latin1(right))
}
