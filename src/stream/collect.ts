import { copyInto } from '#bytes/copy'

const bytesMin = 4096

/**
 * All of a stream, in memory of its own that grows with it: somebody who announces much and sends little costs little. How much it may be
 * is for the source to say; `onGrowth` hears of every byte of memory before it is taken, and may throw.
 */
export async function collect(
  stream: AsyncIterable<Uint8Array>,
  { onGrowth = () => {} }: { readonly onGrowth?: (bytes: number) => void } = {},
): Promise<Uint8Array> {
  let whole: Uint8Array = new Uint8Array(0)
  let at = 0
  for await (const piece of stream) {
    if (at + piece.length > whole.length) {
      const larger = Math.max(bytesMin, 2 * whole.length, at + piece.length)
      onGrowth(larger - whole.length)
      const grown = Buffer.allocUnsafeSlow(larger)
      copyInto(grown, whole.subarray(0, at))
      whole = grown
    }
    copyInto(whole, piece, at)
    at += piece.length
  }
  return whole.subarray(0, at)
}
