import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileFault, requireReplaceable } from '#cli/local-file'

/** What a file of this program is made with when it was not there. */
const modeDefault = 0o644

/**
 * After this the file is the new one as a whole, or what it was, whatever happens; its rights stay. `path` must not be a link.
 * `cli/file-unusable`, `cli/disk-full`
 */
export async function replaceFile(
  path: string,
  content: Uint8Array | string,
  { mode }: { readonly mode?: number } = {},
): Promise<void> {
  const temporary = `${path}.mdlibs-new`
  await requireReplaceable(path)
  try {
    const rights = mode ?? (await stat(path).catch(() => undefined))?.mode ?? modeDefault
    await rm(temporary, { force: true }) // of a run that was killed
    const file = await open(temporary, 'wx', rights & 0o777)
    await fill(file, { content, rights: rights & 0o777 })
    await rename(temporary, path)
    await syncDirectory(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}) // the first failure is the one to tell
    throw fileFault(path, cause)
  }
}

async function fill(
  file: FileHandle,
  { content, rights }: { readonly content: Uint8Array | string; readonly rights: number },
): Promise<void> {
  try {
    await file.chmod(rights) // whatever the umask says
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
