/** Reads an archive as a stream, holding one header and one piece; nothing is written anywhere. Specified in docs/formats/library-archive.md. */
import type { ArchiveLimits } from '#library/archive-limits'

/** Why an archive is refused: `rule` of `library/archive-refused`. */
export type ArchiveRule =
  // the gzip member
  | 'gzip-header'
  | 'gzip-data'
  | 'gzip-checksum'
  | 'trailing-data'
  | 'truncated'
  // tar headers
  | 'header-checksum'
  | 'header-malformed'
  | 'not-ustar'
  | 'symlink'
  | 'hard-link'
  | 'device'
  | 'directory'
  | 'sparse'
  | 'pax-header'
  | 'gnu-long-name'
  | 'entry-type'
  | 'not-canonical'
  | 'padding'
  // paths
  | 'path-absolute'
  | 'path-parent'
  | 'path-drive'
  | 'path-unc'
  | 'path-nul'
  | 'path-backslash'
  | 'path-empty-part'
  | 'path-not-unicode'
  | 'path-not-nfc'
  | 'path-hidden-character'
  | 'path-forbidden-character'
  | 'path-reserved-name'
  | 'path-trailing-dot'
  | 'path-too-long'
  | 'path-too-deep'
  | 'path-duplicate'
  | 'path-case-duplicate'
  | 'path-file-and-directory'
  | 'path-order'
  // what it holds
  | 'file-type'
  | 'ratio'
  | 'no-manifest'
  | 'manifest-mismatch'
  | 'no-markdown'
  | 'not-text'

export interface ArchiveFile {
  readonly path: string
  readonly bytes: number
  /** 32 bytes. */
  readonly sha256: Uint8Array
}

export type ArchiveEvent =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number }
  /** Of the file that began; the memory is the reader's again at the next pull. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly file: ArchiveFile }

export interface ReadOptions {
  readonly limits?: ArchiveLimits
  /** Files of kinds that run, for registries that allow them. */
  readonly allowsScripts?: boolean
  readonly signal: AbortSignal
}

/** `library/archive-refused`, `library/archive-too-large`. The archive is whole and right only once the generator has ended. */
export async function* readArchive(
  _source: AsyncIterable<Uint8Array>,
  _options: ReadOptions,
): AsyncGenerator<ArchiveEvent, void, undefined> {
  yield* []
  throw new Error('to come')
}

/** The bytes of one file of an archive that was checked before; `undefined` when it has none such. Stops reading behind it. */
export function fileOfArchive(
  _source: AsyncIterable<Uint8Array>,
  _path: string,
  _options: ReadOptions,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  throw new Error('to come')
}
