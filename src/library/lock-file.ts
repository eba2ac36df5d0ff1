/** `mdlibs.lock`: exactly which bytes a project installs. Specified in docs/formats/library-archive.md. */
import type { Version } from '#library/version'

export const lockFilePath = 'mdlibs.lock'

export interface LockedLibrary {
  /** `@scope/name`. */
  readonly library: string
  readonly version: Version
  /** The registry's origin, e.g. `https://libraries.example`. */
  readonly registry: string
  /** Of the archive: 32 bytes. */
  readonly digest: Uint8Array
  readonly treeDigest: Uint8Array
  /** Ranges as written, by `@scope/name`. */
  readonly dependencies: ReadonlyMap<string, string>
}

export interface LockFile {
  /** What the project asks for, as written, by `@scope/name`. */
  readonly wanted: ReadonlyMap<string, string>
  readonly libraries: readonly LockedLibrary[]
}

/** `library/malformed-lock-file`. Only what `writeLockFile` writes is read. */
export function readLockFile(_text: string): LockFile {
  throw new Error('to come')
}

export function writeLockFile(_lock: LockFile): string {
  throw new Error('to come')
}
