/** Writes archives: the same files give the same bytes. Specified in docs/formats/library-archive.md. */
import { packGzip } from '#library/_gzip'
import { archiveLimits } from '#library/archive-limits'
import { comparePaths, complaintOfPath, PathOrder } from '#library/archive-path'
import { refusal } from '#library/archive-reader'
import { tarBlockBytes, writeTarHeader } from '#library/tar-header'

export interface FileToPack {
  /** With `/`; it is normalised to NFC. */
  readonly path: string
  readonly bytes: number
  /** Called when its turn comes; must give exactly `bytes`. */
  readonly open: () => AsyncIterable<Uint8Array>
}

/** In any order. `library/archive-refused` for paths that no reader would take, before the first byte; and for a file that is not as long as it was said to be. */
export function packArchive(
  files: readonly FileToPack[],
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  const sorted = files
    .map((file) => ({ ...file, path: file.path.normalize('NFC') }))
    .sort((one, other) => comparePaths(one.path, other.path))
  const order = new PathOrder()
  for (const { path } of sorted) {
    const rule = complaintOfPath(path, archiveLimits) ?? order.add(path)
    if (rule !== undefined) throw refusal(rule, { path })
  }
  return packGzip(packTar(sorted, signal))
}

async function* packTar(
  files: readonly FileToPack[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { path, bytes, open } of files) {
    yield writeTarHeader({ path, bytes })
    let found = 0
    for await (const piece of open()) {
      signal.throwIfAborted()
      found += piece.length
      if (found > bytes) throw refusal('truncated', { path })
      yield piece
    }
    if (found !== bytes) throw refusal('truncated', { path })
    const padding = (tarBlockBytes - (bytes % tarBlockBytes)) % tarBlockBytes
    if (padding > 0) yield new Uint8Array(padding)
  }
  yield new Uint8Array(2 * tarBlockBytes)
}
