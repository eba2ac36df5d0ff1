/**
 * What is sealed of a link: its metadata, and the blocks of its files. AES-128-GCM without associated data, as docs/formats/cdn-meta.md says. A key is
 * the hash of what it seals, or 16 bytes by chance; the nonce is 12 bytes by chance for every sealing, so no pair of them seals two texts.
 */

import { contentFault } from '#content/faults'
import type { Link } from '#content/link'
import { type Block, contentHashBytes, contentNonceBytes } from '#content/metadata'
import { aeadTagBytes, openInPlace, seal, sealInPlace, tryOpen } from '#crypto/aead'
import { blake3 } from '#crypto/blake3'

/** By how much a sealed block is longer than its plaintext. */
export const blockTagBytes = aeadTagBytes

/** The hash of this format: the first 16 bytes of BLAKE3. */
export function contentHashOf(bytes: Uint8Array): Uint8Array {
  return shorten(blake3(bytes))
}

/** The same of a digest of bytes that came in pieces. */
export function shorten(digest: Uint8Array): Uint8Array {
  return Uint8Array.from(digest.subarray(0, contentHashBytes))
}

export interface SealedMetadata {
  /** What the registry keeps: ciphertext ‖ tag ‖ nonce, 28 bytes more than the metadata. */
  readonly blob: Uint8Array
  /** What it keeps it under. */
  readonly hash: Uint8Array
  readonly key: Uint8Array
}

/** `bytes` as `encodeMetadata` gave them. */
export function sealMetadata(bytes: Uint8Array, nonce: Uint8Array): SealedMetadata {
  const key = contentHashOf(bytes)
  const sealed = seal(bytes, { cipher: 'aes-128-gcm', key, nonce })
  const blob = new Uint8Array(sealed.length + nonce.length)
  blob.set(sealed)
  blob.set(nonce, sealed.length)
  return { blob, hash: contentHashOf(blob), key }
}

/**
 * The metadata's bytes, in memory of their own. Without a key the blob is the metadata itself. `content/hash-differs` when a registry gave
 * another blob, `content/not-authentic` when the key is not its key.
 */
export function openMetadata(
  blob: Uint8Array,
  { hash, key }: Pick<Link, 'hash' | 'key'>,
): Uint8Array {
  if (!isSame(contentHashOf(blob), hash)) throw contentFault('content/hash-differs')
  if (key === undefined) return Uint8Array.from(blob)
  const end = Math.max(0, blob.length - contentNonceBytes)
  const options = { cipher: 'aes-128-gcm', key, nonce: blob.subarray(end) } as const
  const opened = end < aeadTagBytes ? undefined : tryOpen(blob.subarray(0, end), options)
  if (opened === undefined) throw contentFault('content/not-authentic')
  return new Uint8Array(opened.buffer, opened.byteOffset, opened.length)
}

/**
 * Seals a block where it lies: its plaintext, then `blockTagBytes` of room. Returns the hash of what it has become, under which its shards are
 * stored. The key is `contentHashOf` the plaintext, which whoever guesses the plaintext knows too, or one by chance.
 */
export function sealBlock(
  block: Uint8Array,
  { key, nonce }: { readonly key: Uint8Array; readonly nonce: Uint8Array },
): Uint8Array {
  sealInPlace(block, { cipher: 'aes-128-gcm', key, nonce })
  return contentHashOf(block)
}

/** Whether these bytes are the block's ciphertext and tag. */
export function isSealedBlock(
  sealed: Uint8Array,
  { encryptedHash }: Pick<Block, 'encryptedHash'>,
): boolean {
  return isSame(contentHashOf(sealed), encryptedHash)
}

/**
 * Opens a block where it lies and returns the part that is its plaintext. `content/hash-differs`: a shard was damaged, and nothing was written;
 * `content/not-authentic`: the metadata has another key or nonce than it was sealed with, and the bytes are lost.
 */
export function openBlock(
  sealed: Uint8Array,
  block: Pick<Block, 'contentHash' | 'encryptedHash' | 'nonce'>,
): Uint8Array {
  if (!isSealedBlock(sealed, block)) throw contentFault('content/hash-differs')
  return openWholeBlock(sealed, block)
}

/** The same of one that `isSealedBlock`. `content/not-authentic` */
export function openWholeBlock(
  sealed: Uint8Array,
  { contentHash: key, nonce }: Pick<Block, 'contentHash' | 'nonce'>,
): Uint8Array {
  if (!openInPlace(sealed, { cipher: 'aes-128-gcm', key, nonce })) {
    throw contentFault('content/not-authentic')
  }
  return sealed.subarray(0, sealed.length - blockTagBytes)
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
