import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { cryptoFault } from '#crypto/faults'

/** The quickest level: on records of changes it saves as much as any other. */
const params = { [constants.ZSTD_c_compressionLevel]: 1 }

/** Zstandard (RFC 8878), one frame; `undefined` when it would not be shorter. On the calling thread: for kilobytes. */
export function compress(bytes: Uint8Array): Uint8Array | undefined {
  const compressed = zstdCompressSync(bytes, { params })
  return compressed.length < bytes.length ? compressed : undefined
}

/** What `compress` was given. `crypto/not-compressed` for anything else, and for more than `bytesMax`. */
export function decompress(bytes: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: bytesMax })
  } catch (cause) {
    throw cryptoFault('crypto/not-compressed', {}, cause)
  }
}
