import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * The directory and whatever is missing above it, others may be making the same; returns the highest one made here, `undefined` when there was nothing to make.
 * Node's own recursive `mkdir` tries for ever where a file system answers that a directory's parent, which exists, is not there (`/proc` does).
 */
export async function makeDirectories(path: string, mode: number): Promise<string | undefined> {
  const first = await makeOne(path, mode)
  if (first.kind !== 'no-parent') return first.kind === 'made' ? path : undefined
  const above = dirname(path)
  if (above === path) throw first.error
  // Somebody may have made it since: then it is tried once more, and no more than that.
  const highest = (await isDirectory(above)) ? undefined : await makeDirectories(above, mode)
  const second = await makeOne(path, mode)
  if (second.kind === 'no-parent') throw second.error
  return highest ?? (second.kind === 'made' ? path : undefined)
}

/** The directory, in one that exists: ENOENT where it does not. */
export async function makeDirectoryIn(path: string, mode: number): Promise<void> {
  const outcome = await makeOne(path, mode)
  if (outcome.kind === 'no-parent') throw outcome.error
}

type Outcome =
  | { readonly kind: 'made' | 'there' }
  | { readonly kind: 'no-parent'; readonly error: unknown }

async function makeOne(path: string, mode: number): Promise<Outcome> {
  try {
    await mkdir(path, { mode })
    return { kind: 'made' }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException // `mkdir` throws nothing else
    if (code === 'EEXIST' && (await isDirectory(path))) return { kind: 'there' }
    if (code === 'ENOENT') return { kind: 'no-parent', error }
    throw error
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false // whoever asks has an error of its own to tell
  }
}
