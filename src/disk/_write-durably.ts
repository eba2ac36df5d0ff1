/** Replacing a small file so that a power cut leaves the new one or the former one: one way for every disk. */
import { posix } from 'node:path'
import type { Disk } from '#disk/disk'

/** Writers of one path take turns (the caller sees to it), so one temporary name serves them, and a crash leaves at most one. */
export async function writeDurably(
  disk: Pick<Disk, 'create' | 'remove' | 'rename' | 'syncDirectory'>,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const temporary = `${path}~`
  await disk.remove(temporary)
  const file = await disk.create(temporary)
  try {
    try {
      await file.write(bytes, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await disk.rename(temporary, path)
  } catch (cause) {
    await disk.remove(temporary).catch(() => {}) // the first failure is the one to tell
    throw cause
  }
  await disk.syncDirectory(parentOf(path)) // the name itself must survive, not only the bytes
}

function parentOf(path: string): string {
  const parent = posix.dirname(path)
  return parent === '.' ? '' : parent
}
