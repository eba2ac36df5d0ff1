/** Unpacks an archive on a client's disk. */

import type { ReadOptions } from '#library/archive-reader'
import type { Inspection } from '#library/inspect-archive'

/**
 * Checks all of it while it unpacks into a fresh directory beside `directory`, and renames that at the end; `directory` must not exist, or be empty.
 * Whatever fails, nothing of it stays. `library/digest-differs` when the bytes are not of `digest`.
 */
export function extractArchive(
  _source: AsyncIterable<Uint8Array>,
  _options: ReadOptions & { readonly directory: string; readonly digest: Uint8Array },
): Promise<Inspection> {
  throw new Error('to come')
}
