/**
 * The body of an encrypted object: chunks of AES-256-GCM whose nonces count them and mark the last one, so that chunks that are missing, moved,
 * repeated or cut off do not open (the STREAM construction: Hoang, Reyhanitabar, Rogaway, Vizár 2015). docs/formats/client-encryption.md
 */
import { envelopeChunkBytes, envelopeHeadBytes, type Sealing } from '#cli/envelope'
import { cliFault } from '#cli/faults'
import { aeadNonceBytes, aeadTagBytes, seal, tryOpen } from '#crypto/aead'
import { split } from '#stream/split'

/** Head and chunks. Holds two chunks at most. */
export async function* sealStream(
  source: AsyncIterable<Uint8Array>,
  { head, dataKey }: Sealing,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield head
  let index = 0
  for await (const { bytes, isLast } of markLast(split(source, () => envelopeChunkBytes))) {
    yield seal(bytes, { key: dataKey, nonce: chunkNonce(index, isLast) })
    index += 1
  }
}

/**
 * The plaintext of the chunks behind the head; each is authentic when it is yielded, but only the end of the iteration proves that none is missing.
 * `cli/damaged-envelope`.
 */
export async function* openStream(
  chunks: AsyncIterable<Uint8Array>,
  dataKey: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  const frames = split(chunks, () => envelopeChunkBytes + aeadTagBytes)
  let index = 0
  for await (const { bytes, isLast } of markLast(frames)) {
    const plain = tryOpen(bytes, { key: dataKey, nonce: chunkNonce(index, isLast) })
    if (plain === undefined) {
      const reason = `chunk ${index + 1} does not open: changed, moved, or the end is missing`
      throw cliFault('cli/damaged-envelope', { reason })
    }
    if (plain.length === 0 && index > 0) {
      throw cliFault('cli/damaged-envelope', { reason: 'an empty chunk behind others' })
    }
    yield plain
    index += 1
  }
}

/** The stream without its first `envelopeHeadBytes`. */
export async function* behindHead(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = envelopeHeadBytes
  for await (const bytes of source) {
    const cut = Math.min(left, bytes.length)
    left -= cut
    if (cut < bytes.length) yield bytes.subarray(cut)
  }
}

/** One piece at least: an empty stream is one empty piece. */
async function* markLast(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly isLast: boolean }> {
  let held: Uint8Array | undefined
  for await (const bytes of pieces) {
    if (held !== undefined) yield { bytes: held, isLast: false }
    held = bytes
  }
  yield { bytes: held ?? new Uint8Array(0), isLast: true }
}

/** The chunk's number, big-endian, and a byte that is 1 for the last. A data key seals one object, each number once. */
function chunkNonce(index: number, isLast: boolean): Uint8Array {
  const nonce = new Uint8Array(aeadNonceBytes)
  new DataView(nonce.buffer).setBigUint64(aeadNonceBytes - 9, BigInt(index))
  nonce[aeadNonceBytes - 1] = isLast ? 1 : 0
  return nonce
}
