/** All that a registry, or a client before it installs, wants to know of an archive, in one pass over its bytes. */
import type { ArchiveFile, ReadOptions } from '#library/archive-reader'
import type { ReadManifest, Skill } from '#library/manifest'
import type { LibraryName, Scope } from '#library/name'
import type { Finding } from '#library/scan'
import type { Version } from '#library/version'

export interface Inspection {
  /** SHA-256 of the archive's bytes: 32 bytes. */
  readonly digest: Uint8Array
  readonly treeDigest: Uint8Array
  readonly packedBytes: number
  readonly unpackedBytes: number
  /** By path, as they lie in the archive. */
  readonly files: readonly ArchiveFile[]
  readonly manifest: ReadManifest
  /** The manifest's, else `README.md` at the top in any case, else in `docs/`. */
  readonly readme?: { readonly path: string; readonly text: string }
  readonly skill?: Skill
  readonly findings: readonly Finding[]
}

export interface Document {
  readonly path: string
  /** At most `documentBytesMax` of it. */
  readonly text: string
}

export interface InspectOptions extends ReadOptions {
  /** What the manifest must say. */
  readonly expected?: {
    readonly scope: Scope
    readonly name: LibraryName
    readonly version: Version
  }
  /** Hears of every Markdown file, in order. */
  readonly onDocument?: (document: Document) => void
}

/** `library/archive-refused`, `library/archive-too-large`, `library/malformed-manifest`. Pulls the source to its end, or to the first thing that is wrong. */
export function inspectArchive(
  _source: AsyncIterable<Uint8Array>,
  _options: InspectOptions,
): Promise<Inspection> {
  throw new Error('to come')
}
