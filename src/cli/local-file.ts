/** Files of this machine: found, read, and compared. Errors of the system become faults here. */
import type { Stats } from 'node:fs'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cliFault } from '#cli/faults'
import type { Fault } from '#fault/fault'

export interface LocalFile {
  readonly path: string
  readonly bytes: number
  readonly modifiedMs: number
}

export const readBytes = 1024 * 1024

/** `cli/no-such-file`, `cli/file-unusable`. */
export async function lookAt(path: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (cause) {
    throw fileFault(path, cause)
  }
}

/**
 * A file is replaced by another one that takes its name. Of a device, a pipe or a socket that would take the name from all others:
 * `cli/file-unusable`. What is not there, or cannot be looked at, is not refused here.
 */
export async function requireReplaceable(path: string): Promise<void> {
  const facts = await stat(path).catch(() => undefined)
  if (facts === undefined || facts.isFile() || facts.isDirectory()) return
  const reason = 'it is neither a file nor a directory'
  throw cliFault('cli/file-unusable', { path, reason })
}

export interface TreeFile extends LocalFile {
  /** From the root, with forward slashes. */
  readonly name: string
}

/**
 * Every file below `root`, sorted by name, links to files among them. Links to directories are not followed, for they may lead in a circle, and what is
 * neither file nor directory has no bytes to send: `onSkipped` hears of both, and what they are.
 */
export async function findFiles(
  root: string,
  onSkipped: (path: string, what: string) => void,
): Promise<readonly TreeFile[]> {
  const files: TreeFile[] = []
  const visit = async (directory: string): Promise<void> => {
    const entries = await readdir(join(root, directory), { withFileTypes: true }).catch((cause) => {
      throw fileFault(join(root, directory), cause)
    })
    for (const entry of entries) {
      const name = directory === '' ? entry.name : `${directory}/${entry.name}`
      const path = join(root, name)
      if (entry.isDirectory()) {
        await visit(name)
        continue
      }
      const facts = await stat(path).catch(() => undefined)
      if (isUnfinished(entry.name)) onSkipped(path, 'a download that is not finished')
      else if (facts?.isFile() === true)
        files.push({ name, path, bytes: facts.size, modifiedMs: facts.mtimeMs })
      else onSkipped(path, kindOf(facts, { name: entry.name, isLink: entry.isSymbolicLink() }))
    }
  }
  await visit('')
  return files.sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** Node gives a mark for each byte of such a name, and nothing opens it. */
export function isNotUtf8(name: string): boolean {
  return name.includes('\ufffd')
}

/** What a download is called while it goes on. */
export const partialSuffix = '.cyxcloud-part'

function isUnfinished(name: string): boolean {
  return name.startsWith('.') && name.endsWith(partialSuffix)
}

function kindOf(
  facts: Stats | undefined,
  { name, isLink }: { readonly name: string; readonly isLink: boolean },
): string {
  if (facts?.isDirectory() === true) return 'a link to a directory'
  if (facts === undefined && isNotUtf8(name)) return 'a name that is no UTF-8'
  if (facts === undefined) return isLink ? 'a link that leads nowhere' : 'gone'
  return 'neither a file nor a directory'
}

/** The file's bytes; `cli/file-changed` when they are not as many as `file` says. */
export async function* readFileBytes(
  { path, bytes }: Pick<LocalFile, 'path' | 'bytes'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let total = 0
  try {
    for await (const piece of createReadStream(path, { highWaterMark: readBytes, signal })) {
      total += piece.length
      if (total > bytes) break
      yield piece
    }
  } catch (cause) {
    signal.throwIfAborted()
    throw fileFault(path, cause)
  }
  if (total !== bytes) throw cliFault('cli/file-changed', { path })
}

/** `cli/file-changed` when the file is no longer the one that was found. */
export async function checkUnchanged({ path, bytes, modifiedMs }: LocalFile): Promise<void> {
  const { size, mtimeMs } = await lookAt(path)
  if (size !== bytes || mtimeMs !== modifiedMs) throw cliFault('cli/file-changed', { path })
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is a file, not a directory',
  ENAMETOOLONG: 'its name is too long for this file system',
  EMFILE: 'too many files are open',
  EEXIST: 'something else has that name',
  ENOTEMPTY: 'a directory has that name',
  EIO: 'the disk fails',
}

export function fileFault(path: string, cause: unknown): Fault {
  const code = (cause as NodeJS.ErrnoException).code ?? '' // what `node:fs` throws
  if (code === 'ENOENT') return cliFault('cli/no-such-file', { path }, cause)
  if (code === 'ENOSPC' || code === 'EDQUOT') return cliFault('cli/disk-full', { path }, cause)
  return cliFault(
    'cli/file-unusable',
    { path, reason: reasons[code] ?? (code || 'unknown') },
    cause,
  )
}
