/** An object far larger than memory: made while it is sent, compared while it comes back. */
import { createCipheriv, createHash } from 'node:crypto'
import { Readable } from 'node:stream'

export const mebibyte = 2 ** 20
/** What single PUTs may be at most, and what a multipart upload is for. */
export const largeBytes = 5 * 1024 * mebibyte
const pieceBytes = mebibyte

/** `bytes` from `offset` (both whole MiB) of an endless stream that is the same for the same label. */
export function* piecesOf(
  label: string,
  { offset, bytes }: { readonly offset: number; readonly bytes: number },
): Generator<Buffer> {
  const key = createHash('md5').update(label).digest()
  const counter = Buffer.alloc(16)
  counter.writeBigUInt64BE(BigInt(offset / 16), 8)
  const cipher = createCipheriv('aes-128-ctr', key, counter)
  const zeros = Buffer.alloc(pieceBytes)
  for (let at = 0; at < bytes; at += pieceBytes) yield cipher.update(zeros)
}

export function streamOf(
  label: string,
  range: { readonly offset: number; readonly bytes: number },
): Readable {
  return Readable.from(piecesOf(label, range), { objectMode: false, highWaterMark: pieceBytes })
}

/** Where the stream first differs from what was sent, or ends; `undefined` when it is the same to the last byte. */
export async function firstDifference(
  stream: AsyncIterable<Uint8Array>,
  label: string,
  bytes: number,
): Promise<number | undefined> {
  const pieces = piecesOf(label, { offset: 0, bytes })
  let expected: Buffer = Buffer.alloc(0)
  let at = 0
  for await (const piece of stream) {
    for (let from = 0; from < piece.length; ) {
      if (expected.length === 0) expected = pieces.next().value ?? Buffer.alloc(0)
      if (expected.length === 0) return at // longer than what was sent
      const length = Math.min(expected.length, piece.length - from)
      if (expected.compare(piece, from, from + length, 0, length) !== 0) return at
      expected = expected.subarray(length)
      from += length
      at += length
    }
  }
  return at === bytes ? undefined : at
}
