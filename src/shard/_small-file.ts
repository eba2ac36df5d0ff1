/** A small file as it lies on the disk: its content and the digest of it, so that rot reads as absence and other nodes' copies serve. */
import { blake3 } from '#crypto/blake3'

const digestBytes = 32

export function wrapSmallFile(content: Uint8Array): Uint8Array {
  return Buffer.concat([content, blake3(content)])
}

/** `undefined` when the digest is not the content's. */
export function unwrapSmallFile(file: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const end = file.length - digestBytes
  if (end < 0) return undefined
  const content = new Uint8Array(file.subarray(0, end))
  return Buffer.compare(blake3(content), file.subarray(end)) === 0 ? content : undefined
}
