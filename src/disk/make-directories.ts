import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * The directory and whatever is missing above it; returns the highest one made, `undefined` when there was nothing to make. Node's own
 * recursive `mkdir` tries for ever where a file system answers that a directory's parent, which exists, is not there (`/proc` does).
 */
export async function makeDirectories(path: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode })
    return path
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException // `mkdir` throws nothing else
    if (code === 'EEXIST' && (await isDirectory(path))) return undefined
    const above = dirname(path)
    if (code !== 'ENOENT' || above === path || (await isDirectory(above))) throw error
    const highest = await makeDirectories(above, mode)
    return (await makeDirectories(path, mode)) === undefined ? highest : (highest ?? path)
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false // whoever asks has an error of its own to tell
  }
}
