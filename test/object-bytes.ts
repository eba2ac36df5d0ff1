/** Bytes on their way into the object domain, as a door hands them over, and out of it. */
import type { IncomingBody, OpenedObject } from '#object/model'

const { signal } = new AbortController()

/** In one piece, if it is not told otherwise. */
export function bodyOf(
  content: Uint8Array | string,
  { pieceBytes, ...more }: Partial<IncomingBody> & { readonly pieceBytes?: number } = {},
): IncomingBody {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const step = pieceBytes ?? Math.max(1, bytes.length)
  async function* stream() {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
  }
  const { length } = bytes
  return { stream: stream(), bytes: length, digests: [], verify: () => undefined, ...more }
}

/** All that is read, copied: a piece is the reader's only until it pulls the next. */
export async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = []
  for await (const piece of pieces) copies.push(Buffer.from(piece))
  return Buffer.concat(copies)
}

/** Of a small object, which is released. */
export async function textOf(opened: OpenedObject): Promise<string> {
  try {
    return Buffer.from(await opened.readWhole({ signal })).toString()
  } finally {
    opened.release()
  }
}
