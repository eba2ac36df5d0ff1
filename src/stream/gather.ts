import { copyInto } from '#bytes/copy'

/** The first `most` bytes of a stream, in memory of their own. What follows is read and dropped. Rejects with the signal's reason once it is aborted. */
export async function gather(
  stream: AsyncIterable<Uint8Array>,
  most: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  const whole = new Uint8Array(Buffer.allocUnsafeSlow(most).buffer) // nobody sees more of it than is filled
  let at = 0
  for await (const piece of stream) {
    signal?.throwIfAborted()
    const taken = piece.subarray(0, most - at)
    copyInto(whole, taken, at)
    at += taken.length
  }
  return whole.subarray(0, at)
}

/** All of a stream that should be short, in memory of its own; `undefined` as soon as it is longer than `bytesMax`. Rejects as `gather`. */
export async function gatherShort(
  stream: AsyncIterable<Uint8Array>,
  bytesMax: number,
  { signal }: { readonly signal: AbortSignal },
): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of stream) {
    signal.throwIfAborted()
    bytes += piece.length
    if (bytes > bytesMax) return undefined
    pieces.push(Uint8Array.from(piece)) // it is ours only until the next pull
  }
  return Buffer.concat(pieces)
}
