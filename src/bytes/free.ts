/** Smaller ones are not worth the call. */
const bytesMin = 2048

/**
 * Gives memory back at once that `bytes`, and nobody else, refers to: the view is empty afterwards. A no-op for a part of a larger buffer and for
 * shared memory. For hot paths only: buffers of a body left to the garbage collector, which counts memory outside its heap, add up to dozens of
 * full collections per GiB, and those cost more than copying the bytes.
 */
export function freeAtOnce(bytes: Uint8Array): void {
  const { buffer } = bytes
  const isAlone = bytes.length === buffer.byteLength && bytes.length >= bytesMin
  if (isAlone && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** The same for the whole memory that `bytes` is only a part of: nobody may use the rest of it either. */
export function freeMemoryOf({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}
