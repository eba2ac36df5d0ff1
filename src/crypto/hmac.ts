import { createHmac, timingSafeEqual } from 'node:crypto'

/** HMAC-SHA256 (RFC 2104) of `parts` one after another: 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** The same in lower-case hex. */
export function hmacSha256Hex(key: Uint8Array, message: Uint8Array): string {
  return createHmac('sha256', key).update(message).digest('hex')
}

/** Compares in a time that depends on the lengths alone. */
export function isSameSecret(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

/** HMAC-SHA1: 20 bytes. Only for what old clients sign; SHA-1 inside HMAC is still sound, but nothing of ours uses it. */
export function hmacSha1(key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac('sha1', key).update(message).digest()
}
