/** `mdlibs.lock`: exactly which bytes a project installs. Specified in docs/formats/library-archive.md. */
import { archiveFault } from '#library/archive-faults'
import { formatLibraryRef, parseLibraryRef } from '#library/name'
import { parseRange } from '#library/range'
import { formatDigest, parseDigest } from '#library/tree-digest'
import { parseVersion, type Version } from '#library/version'

export const lockFilePath = 'mdlibs.lock'
export const lockFileVersion = 1
export const lockFileBytesMax = 4 * 2 ** 20

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

/**
 * `library/malformed-lock-file`. Only what `writeLockFile` writes is read, but for CRLF: a key that stands there twice, or one that is not known, would otherwise go
 * unseen, as after a merge that went wrong.
 */
export function readLockFile(text: string): LockFile {
  if (text.length > lockFileBytesMax) throw malformed('it is too large')
  const normal = text.replaceAll('\r\n', '\n')
  const lock = lockOf(parsedJson(normal))
  if (writeLockFile(lock) !== normal)
    throw malformed('it was changed by hand, or merged badly: remove it and install again')
  return lock
}

export function writeLockFile({ wanted, libraries }: LockFile): string {
  const entries = libraries.map((one): readonly [string, unknown] => [
    one.library,
    {
      version: one.version,
      registry: one.registry,
      digest: formatDigest(one.digest),
      tree: formatDigest(one.treeDigest),
      dependencies: sorted(one.dependencies),
    },
  ])
  const document = {
    lockfile: lockFileVersion,
    wanted: sorted(wanted),
    libraries: sorted(entries),
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

function sorted<Value>(pairs: Iterable<readonly [string, Value]>): Readonly<Record<string, Value>> {
  return Object.fromEntries([...pairs].sort(([one], [other]) => (one < other ? -1 : 1)))
}

function malformed(reason: string): Error {
  return archiveFault('library/malformed-lock-file', { reason })
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed(/^[<=>]{7}/m.test(text) ? 'a merge left its marks in it' : 'it is no JSON')
  }
}

function lockOf(document: unknown): LockFile {
  const { lockfile, wanted, libraries } = tableOf(document, 'the lock file')
  if (lockfile !== lockFileVersion)
    throw malformed(
      `it is of version ${JSON.stringify(lockfile) ?? 'none'}: this program reads ${lockFileVersion}`,
    )
  return {
    wanted: rangesOf(wanted, 'wanted'),
    libraries: Object.entries(tableOf(libraries, 'libraries')).map(([name, value]) =>
      lockedOf(libraryOf(name), value),
    ),
  }
}

function lockedOf(library: string, value: unknown): LockedLibrary {
  const { version, registry, digest, tree, dependencies } = tableOf(value, library)
  const bytes = [digest, tree].map((text) => parseDigest(String(text)))
  const [archive, files] = bytes
  if (archive === undefined || files === undefined)
    throw malformed(`${library}: its digests are none`)
  return {
    library,
    version: checked(library, () => parseVersion(String(version))),
    registry: originOf(library, registry),
    digest: archive,
    treeDigest: files,
    dependencies: rangesOf(dependencies, library),
  }
}

function originOf(library: string, registry: unknown): string {
  const origin = URL.parse(String(registry))?.origin
  if (origin === undefined || origin === 'null' || origin !== registry)
    throw malformed(`${library}: its registry is no origin, like https://libraries.example`)
  return origin
}

function rangesOf(value: unknown, where: string): ReadonlyMap<string, string> {
  const pairs = Object.entries(tableOf(value, where)).map(
    ([name, range]) =>
      [libraryOf(name), checked(name, () => parseRange(String(range))).text] as const,
  )
  return new Map(pairs)
}

function libraryOf(name: string): string {
  return checked(name, () => formatLibraryRef(parseLibraryRef(name)))
}

function checked<Value>(where: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    throw archiveFault(
      'library/malformed-lock-file',
      { reason: `${where}: ${String(cause)}` },
      cause,
    )
  }
}

function tableOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${where} is no table`)
  return value as Readonly<Record<string, unknown>> // an object that is no list has keys
}
