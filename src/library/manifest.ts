/** The manifest of a library: the table `[library]` of the file `.mdlibs.toml` at its top, and `[dependencies]`. Specified in docs/formats/library-archive.md. */
import type { LibraryName, Scope } from '#library/name'
import type { Range } from '#library/range'
import type { Version } from '#library/version'

export const manifestPath = '.mdlibs.toml'
export const manifestBytesMax = 64 * 1024
export const manifestSchema = 1

export type Visibility = 'public' | 'internal' | 'private'

export interface Author {
  readonly name: string
  readonly email?: string
  readonly url?: string
}

export interface Manifest {
  readonly schema: number
  /** From `name = "@scope/name"`, when it is written so. */
  readonly scope?: Scope
  readonly name: LibraryName
  readonly version: Version
  /** As written, with build metadata. */
  readonly versionText: string
  readonly description?: string
  /** An SPDX expression. */
  readonly license?: string
  readonly authors: readonly Author[]
  /** Lower case, each once. `keywords` is another name for it. */
  readonly tags: readonly string[]
  /** The path of a Markdown file of the library. */
  readonly readme?: string
  readonly homepage?: string
  readonly repository?: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly visibility?: Visibility
  /** By `@scope/name`. */
  readonly dependencies: ReadonlyMap<string, Range>
  /** Of a top-level `SKILL.md`; the reader of the archive adds it. */
  readonly skill?: Skill
}

/** Front matter of `SKILL.md`. */
export interface Skill {
  readonly name?: string
  readonly description?: string
  readonly license?: string
  readonly allowedTools?: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
}

export interface ReadManifest {
  readonly manifest: Manifest
  /** The whole document as JSON, unknown keys included, to be kept. */
  readonly document: string
  /** Sentences. */
  readonly warnings: readonly string[]
}

/** `library/malformed-manifest`, with the line. */
export function parseManifest(_text: string): ReadManifest {
  throw new Error('to come')
}

/** What databases and answers hold of it: parsed back by `manifestFromJson`. */
export function manifestToJson(_manifest: Manifest): string {
  throw new Error('to come')
}

export function manifestFromJson(_json: string): Manifest {
  throw new Error('to come')
}
