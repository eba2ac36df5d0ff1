import { strict as assert } from 'node:assert'

/**
 * Re-cuts a byte stream into pieces of exactly the length that `bytesOf` names for each (by its index, from 0); the last may be shorter, none is
 * empty. Every piece is fresh memory and belongs to the consumer. Holds one piece; pulls only when pulled.
 */
export async function* split(
  source: AsyncIterable<Uint8Array>,
  bytesOf: (index: number) => number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let index = 0
  let piece: Uint8Array<ArrayBuffer> | undefined
  let filled = 0
  for await (const bytes of source) {
    for (let offset = 0; offset < bytes.length; ) {
      piece ??= newPiece(bytesOf(index))
      const taken = Math.min(piece.length - filled, bytes.length - offset)
      piece.set(bytes.subarray(offset, offset + taken), filled)
      filled += taken
      offset += taken
      if (filled < piece.length) continue
      yield piece
      index += 1
      piece = undefined
      filled = 0
    }
  }
  if (piece !== undefined) yield piece.subarray(0, filled)
}

function newPiece(bytes: number): Uint8Array<ArrayBuffer> {
  assert(Number.isSafeInteger(bytes) && bytes > 0)
  return new Uint8Array(bytes)
}
