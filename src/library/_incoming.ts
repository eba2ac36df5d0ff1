/** Streams on their way to rest: hashed and counted as they pass. */
import { toHex } from '#bytes/text'
import { openDigest } from '#crypto/digest'
import type { BlobDigest } from '#library/archive-store'

export interface Passing {
  readonly stream: AsyncGenerator<Uint8Array, void, undefined>
  /** Of all that has passed, once the stream has ended. */
  stored(): { readonly digest: BlobDigest; readonly bytes: number }
}

export function hashed(source: AsyncIterable<Uint8Array>, signal: AbortSignal): Passing {
  const digest = openDigest('sha256')
  let bytes = 0
  async function* pass(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of source) {
      signal.throwIfAborted()
      digest.update(piece)
      bytes += piece.length
      yield piece
    }
  }
  return {
    stream: pass(),
    stored: () => ({ digest: toHex(digest.digest()) as BlobDigest, bytes }), // 32 bytes as hex are one
  }
}
