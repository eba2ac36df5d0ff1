/** The project that commands install into: what it asks for, and what is locked. */
import { join } from 'node:path'
import { readProjectConfig } from '#cli/mdlibs/configuration'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { manifestName } from '#cli/mdlibs/library-root'
import { replaceFile } from '#cli/mdlibs/replace-file'
import { changeToml, readText } from '#cli/mdlibs/toml-file'
import { type LockFile, lockFilePath, readLockFile, writeLockFile } from '#library/lock-file'

export interface Project {
  readonly root: string
  /** Where there is none, the lock file alone says what is wanted. */
  readonly hasManifest: boolean
  /** Ranges as written, by `@scope/name`. */
  readonly wanted: ReadonlyMap<string, string>
  readonly lock: LockFile | undefined
}

/** `library/malformed-lock-file`, `mdlibs/mistaken-settings`, `cli/file-unusable` */
export async function readProject(context: MdlibsContext): Promise<Project> {
  const { root: found } = await context.settings()
  const root = found ?? context.directory
  const text = await readText(join(root, lockFilePath))
  const lock = text === undefined ? undefined : readLockFile(text)
  if (found === undefined) {
    return { root, hasManifest: false, wanted: lock?.wanted ?? new Map(), lock }
  }
  const { dependencies } = await readProjectConfig(join(root, manifestName))
  return { root, hasManifest: true, wanted: dependencies, lock }
}

/** The lock file says what the project asks for: then it alone decides. `mdlibs/no-lock`, `mdlibs/lock-outdated` */
export function lockOf({ root, wanted, lock }: Project): LockFile {
  if (lock === undefined) throw mdlibsFault('mdlibs/no-lock', { path: join(root, lockFilePath) })
  const [differing] = [...new Set([...wanted.keys(), ...lock.wanted.keys()])].filter(
    (library) => wanted.get(library) !== lock.wanted.get(library),
  )
  if (differing !== undefined) {
    const [asked, locked] = [wanted.get(differing), lock.wanted.get(differing)]
    const reason = `${differing}: ${asked ?? 'not asked for'}, but locked ${locked === undefined ? 'not at all' : `for ${locked}`}`
    throw mdlibsFault('mdlibs/lock-outdated', { reason })
  }
  return lock
}

/** True when the lock file alone decides. */
export function isLockCurrent(project: Project): boolean {
  const { wanted, lock } = project
  if (lock === undefined || lock.wanted.size !== wanted.size) return false
  return [...wanted].every(([library, range]) => lock.wanted.get(library) === range)
}

export async function writeLock({ root }: Pick<Project, 'root'>, lock: LockFile): Promise<void> {
  await replaceFile(join(root, lockFilePath), writeLockFile(lock))
}

/** The lock file comes first: with it, what is installed can be told from what should be. */
export async function writeProject(
  { root, hasManifest, wanted: former }: Project,
  lock: LockFile,
): Promise<void> {
  await writeLock({ root }, lock)
  if (!hasManifest) return
  const table = ['dependencies']
  const edits = [
    ...[...lock.wanted].filter(([library, range]) => former.get(library) !== range),
    ...[...former.keys()]
      .filter((library) => !lock.wanted.has(library))
      .map((one) => [one] as const),
  ].map(([key, value]) =>
    value === undefined
      ? ({ kind: 'unset', table, key } as const)
      : ({ kind: 'set', table, key, value } as const),
  )
  if (edits.length > 0) await changeToml(join(root, manifestName), edits)
}
