import { createCipheriv, createDecipheriv } from 'node:crypto'
import { cryptoFault } from '#crypto/faults'

/** RFC 3394 section 2.2.3.1. */
const initialValue = Buffer.from('a6a6a6a6a6a6a6a6', 'hex')

/** AES-256 key wrap (RFC 3394): deterministic, authenticated; a 32-byte key becomes 40 bytes. */
export function wrapKey(wrappingKey: Uint8Array, key: Uint8Array): Uint8Array {
  const cipher = createCipheriv('id-aes256-wrap', wrappingKey, initialValue)
  const wrapped = cipher.update(key)
  cipher.final() // has no bytes of its own
  return wrapped
}

/** `crypto/unwrap-failed` when the wrapping key is another one or the bytes were changed. */
export function unwrapKey(wrappingKey: Uint8Array, wrapped: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('id-aes256-wrap', wrappingKey, initialValue)
    const key = decipher.update(wrapped)
    decipher.final() // has no bytes of its own
    return key
  } catch (cause) {
    throw cryptoFault('crypto/unwrap-failed', {}, cause)
  }
}
