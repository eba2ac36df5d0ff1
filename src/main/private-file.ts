/** Small files that only their owner may read: keys and credentials. */
import { open, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { reasonOf } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { syncDirectory } from '#main/sync-directory'

/** `undefined` when there is none. `main/key-file-unusable`. */
export async function readPrivately(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined // `readFile` throws nothing else
    throw mainFault('main/key-file-unusable', { path, reason: reasonOf(cause) }, cause)
  }
}

/** After this returns, a power cut leaves the whole new file. Mode 0600 from its first byte on. `main/key-file-unusable`. */
export async function writePrivately(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.tmp` // the data directory is locked: there is one writer
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.chmod(0o600) // an earlier crash may have left the file with other rights
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncDirectory(dirname(path))
  } catch (cause) {
    throw mainFault('main/key-file-unusable', { path, reason: reasonOf(cause) }, cause)
  }
}

/** True when group or others may read it: worth a warning, for whoever reads it owns the store. */
export async function isShared(path: string): Promise<boolean> {
  try {
    return ((await stat(path)).mode & 0o077) !== 0
  } catch {
    return false // there is no such file to share
  }
}
