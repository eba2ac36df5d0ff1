import { type CipherGCM, createCipheriv, createDecipheriv, type DecipherGCM } from 'node:crypto'
import { copyInto } from '#bytes/copy'
import { freeAtOnce } from '#bytes/free'
import { cryptoFault } from '#crypto/faults'

/**
 * AES-GCM (NIST SP 800-38D): AES-256 with keys of 32 bytes, or AES-128 with 16 where a format of others asks for it. Nonces are 12 bytes, tags 16.
 * A (key, nonce) pair must never seal two different texts: every caller says how it keeps that promise.
 */
export const aeadKeyBytes = 32
export const aeadNonceBytes = 12
export const aeadTagBytes = 16

/**
 * Node puts what a cipher gives into fresh memory. So much comes from memory that was freed a moment ago; more would be mapped and unmapped by
 * the kernel each time (glibc does so from 128 KiB on), which takes longer than the cipher.
 */
const pieceBytes = 120 * 1024

export interface SealOptions {
  /** AES-256 unless said otherwise: a key that is too short must not choose the weaker one. */
  readonly cipher?: 'aes-128-gcm'
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly associated?: Uint8Array
}

/** Ciphertext ‖ tag: `plaintext.length + 16` fresh bytes. */
export function seal(plaintext: Uint8Array, options: SealOptions): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(plaintext.length + aeadTagBytes) // all of it is written below
  const sealed = new Uint8Array(buffer)
  copyInto(sealed, plaintext)
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
  const cipher = createCipheriv(options.cipher ?? 'aes-256-gcm', options.key, options.nonce)
  if (options.associated !== undefined) cipher.setAAD(options.associated)
  const text = block.subarray(0, block.length - aeadTagBytes)
  replace(text, cipher)
  cipher.final()
  copyInto(block, cipher.getAuthTag(), text.length)
}

/** The plaintext takes the place of its ciphertext. False when the block is not authentic: what it then holds is nothing. */
export function openInPlace(block: Uint8Array, options: SealOptions): boolean {
  if (block.length < aeadTagBytes) return false
  const text = block.subarray(0, block.length - aeadTagBytes)
  const decipher = openerOf(block.slice(text.length), options)
  replace(text, decipher)
  return isAuthentic(decipher)
}

function replace(text: Uint8Array, cipher: CipherGCM | DecipherGCM): void {
  for (let at = 0; at < text.length; at += pieceBytes) {
    const piece = text.subarray(at, at + pieceBytes)
    const turned = cipher.update(piece)
    copyInto(piece, turned)
    freeAtOnce(turned)
  }
}

/** The plaintext in fresh memory, or `undefined` when the block is not authentic. */
export function tryOpen(sealed: Uint8Array, options: SealOptions): Buffer | undefined {
  if (sealed.length < aeadTagBytes) return undefined
  const end = sealed.length - aeadTagBytes
  const decipher = openerOf(sealed.slice(end), options)
  const plaintext = decipher.update(sealed.subarray(0, end))
  return isAuthentic(decipher) ? plaintext : undefined
}

function openerOf(tag: Uint8Array, { cipher, key, nonce, associated }: SealOptions): DecipherGCM {
  const decipher = createDecipheriv(cipher ?? 'aes-256-gcm', key, nonce)
  if (associated !== undefined) decipher.setAAD(associated)
  decipher.setAuthTag(tag)
  return decipher
}

function isAuthentic(decipher: DecipherGCM): boolean {
  try {
    decipher.final()
    return true
  } catch {
    return false
  }
}
