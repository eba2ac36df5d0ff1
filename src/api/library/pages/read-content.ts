/** Files of versions as pages need them: the beginning of a text, or whether it is one. */
import { copyInto } from '#bytes/copy'

/** At most `bytesMax`; whoever reads stops there. */
export async function readBeginning(
  content: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  const bytes = new Uint8Array(bytesMax)
  let at = 0
  for await (const piece of content) {
    const taken = piece.subarray(0, bytesMax - at)
    copyInto(bytes, taken, at)
    at += taken.length
    if (taken.length < piece.length) return { bytes: bytes.subarray(0, at), isWhole: false }
  }
  return { bytes: bytes.subarray(0, at), isWhole: true }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** `undefined` for what is no text. A character that was cut off at the end does not count. */
export function textOf(bytes: Uint8Array, isWhole: boolean): string | undefined {
  if (bytes.includes(0)) return undefined
  for (let cut = 0; cut < (isWhole ? 1 : 4); cut += 1) {
    try {
      return utf8.decode(bytes.subarray(0, bytes.length - cut))
    } catch {
      // one byte less may end a character
    }
  }
  return undefined
}
