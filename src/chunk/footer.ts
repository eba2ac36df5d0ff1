/**
 * The footer that makes a shard self-describing: who it belongs to, its place, and a digest of every block in it, so that any
 * block's corruption is known before decoding. It is a pure function of the chunk, so a rebuilt shard equals the lost one.
 * Bytes: docs/formats/shard.md. Integers are big-endian.
 */
import { strict as assert } from 'node:assert'
import { chunkFault } from '#chunk/faults'
import { bodyBytes, columnsOf, pageBytes, type Shape, stripesOf, wholePages } from '#chunk/geometry'
import { blake3 } from '#crypto/blake3'

export const footerMagic = 0x4d595346 // "MYSF"
export const footerVersion = 1
/** Fixed fields, at the very end of the shard. */
export const trailerBytes = 128
/** First 16 bytes of a block's BLAKE3. */
export const blockDigestBytes = 16
const sealBytes = 16
/** Bit 0 is kept for compressed blocks. */
const packedFlag = 2

export interface Footer {
  /** 16 bytes. */
  readonly storeId: Uint8Array
  /** 16 bytes. */
  readonly chunkId: Uint8Array
  /** Which column of the chunk this shard is. */
  readonly index: number
  readonly shape: Shape
  /** `blockDigestBytes` per stripe, in order. */
  readonly digests: Uint8Array
}

/** Bytes of the footer with its padding: a multiple of `pageBytes`. */
export function footerBytes(shape: Shape): number {
  return wholePages(stripesOf(shape) * blockDigestBytes + trailerBytes)
}

/** Bytes of a whole shard of this chunk. */
export function shardBytes(shape: Shape): number {
  return bodyBytes(shape) + footerBytes(shape)
}

export function encodeFooter({ storeId, chunkId, index, shape, digests }: Footer): Uint8Array {
  assert(digests.length === stripesOf(shape) * blockDigestBytes)
  const footer = new Uint8Array(footerBytes(shape))
  footer.set(digests)
  const trailer = footer.subarray(footer.length - trailerBytes)
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailerBytes)
  view.setUint32(0, footerMagic)
  view.setUint16(4, footerVersion)
  view.setUint16(6, shape.isPacked === true ? packedFlag : 0)
  trailer.set(storeId, 8)
  trailer.set(chunkId, 24)
  view.setUint16(40, index)
  view.setUint16(42, shape.profile.data)
  view.setUint16(44, shape.profile.parity)
  view.setUint32(48, shape.blockBytes)
  view.setUint32(52, footer.length)
  view.setBigUint64(56, BigInt(shape.bytes))
  trailer.set(sealOf(footer), trailerBytes - sealBytes)
  return footer
}

/**
 * Reads the geometry from a shard's last bytes (at least `trailerBytes`), to learn how long its footer is; the seal is not checked yet.
 */
export function footerBytesFrom(tail: Uint8Array): number {
  const trailer = tail.subarray(tail.length - trailerBytes)
  if (trailer.length < trailerBytes) throw chunkFault('chunk/malformed-footer', { reason: 'short' })
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailerBytes)
  if (view.getUint32(0) !== footerMagic) {
    throw chunkFault('chunk/malformed-footer', { reason: 'magic' })
  }
  const bytes = view.getUint32(52)
  if (bytes % pageBytes !== 0 || bytes === 0) {
    throw chunkFault('chunk/malformed-footer', { reason: 'length' })
  }
  return bytes
}

/** Parses and verifies a whole footer. Any change to any of its bytes is `chunk/malformed-footer`. */
export function decodeFooter(footer: Uint8Array): Footer {
  if (footer.length !== footerBytesFrom(footer)) {
    throw chunkFault('chunk/malformed-footer', { reason: 'length' })
  }
  const trailer = footer.subarray(footer.length - trailerBytes)
  if (Buffer.compare(sealOf(footer), trailer.subarray(trailerBytes - sealBytes)) !== 0) {
    throw chunkFault('chunk/malformed-footer', { reason: 'digest' })
  }
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailerBytes)
  const version = view.getUint16(4)
  const flags = view.getUint16(6)
  if (version !== footerVersion || (flags & ~packedFlag) !== 0) {
    throw chunkFault('chunk/unknown-format', { version, flags })
  }
  const shape: Shape = {
    profile: { data: view.getUint16(42), parity: view.getUint16(44) },
    blockBytes: view.getUint32(48),
    bytes: Number(view.getBigUint64(56)),
    ...(flags === packedFlag ? { isPacked: true } : {}),
  }
  const index = view.getUint16(40)
  assert(index < columnsOf(shape.profile)) // sealed by us: a broken one cannot carry our digest
  return {
    storeId: trailer.slice(8, 24),
    chunkId: trailer.slice(24, 40),
    index,
    shape,
    digests: footer.slice(0, stripesOf(shape) * blockDigestBytes),
  }
}

export function blockDigest(block: Uint8Array): Uint8Array {
  return blake3(block).subarray(0, blockDigestBytes)
}

/** Digest of everything in the footer but the digest itself. */
function sealOf(footer: Uint8Array): Uint8Array {
  return blake3(footer.subarray(0, footer.length - sealBytes)).subarray(0, sealBytes)
}
