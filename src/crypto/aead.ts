import { createCipheriv, createDecipheriv } from 'node:crypto'
import { copyInto } from '#bytes/copy'
import { freeAtOnce } from '#bytes/free'
import { cryptoFault } from '#crypto/faults'

/**
 * AES-256-GCM (NIST SP 800-38D). Keys are 32 bytes, nonces 12, tags 16. A (key, nonce) pair must never seal two different texts:
 * every caller says how it keeps that promise.
 */
export const aeadKeyBytes = 32
export const aeadNonceBytes = 12
export const aeadTagBytes = 16

export interface SealOptions {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly associated?: Uint8Array
}

/** Ciphertext ‖ tag: `plaintext.length + 16` fresh bytes. */
export function seal(plaintext: Uint8Array, options: SealOptions): Uint8Array {
  const sealed = new Uint8Array(plaintext.length + aeadTagBytes)
  sealed.set(plaintext)
  sealInPlace(sealed, options)
  return sealed
}

/** `crypto/not-authentic` unless every byte, the nonce and the associated data are those that were sealed. */
export function open(sealed: Uint8Array, options: SealOptions): Uint8Array {
  const plaintext = tryOpen(sealed, options)
  if (plaintext === undefined) throw cryptoFault('crypto/not-authentic')
  return plaintext
}

/** Seals `block` where it lies: its last 16 bytes become the tag, the others their ciphertext. */
export function sealInPlace(block: Uint8Array, options: SealOptions): void {
  const cipher = createCipheriv('aes-256-gcm', options.key, options.nonce)
  if (options.associated !== undefined) cipher.setAAD(options.associated)
  const sealed = cipher.update(block.subarray(0, block.length - aeadTagBytes))
  copyInto(block, sealed)
  freeAtOnce(sealed)
  cipher.final()
  block.set(cipher.getAuthTag(), block.length - aeadTagBytes)
}

/** The plaintext in fresh memory, or `undefined` when the block is not authentic. */
export function tryOpen(sealed: Uint8Array, options: SealOptions): Buffer | undefined {
  if (sealed.length < aeadTagBytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', options.key, options.nonce)
  if (options.associated !== undefined) decipher.setAAD(options.associated)
  decipher.setAuthTag(sealed.slice(sealed.length - aeadTagBytes))
  const plaintext = decipher.update(sealed.subarray(0, sealed.length - aeadTagBytes))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return plaintext
}
