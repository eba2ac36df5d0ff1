/** Writes archives: the same files give the same bytes. Specified in docs/formats/library-archive.md. */

export interface FileToPack {
  /** With `/`; it is normalised to NFC. */
  readonly path: string
  readonly bytes: number
  /** Opened when its turn comes; must give exactly `bytes`. */
  readonly open: () => AsyncIterable<Uint8Array>
}

/** In any order. `library/archive-refused` for a path that no reader would take. Rejects when a file has changed its length. */
export async function* packArchive(
  _files: readonly FileToPack[],
  _options: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* []
  throw new Error('to come')
}
