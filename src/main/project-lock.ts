/** One `mdlibs` at a time changes a project: two that read, resolve and write at once would each undo what the other has done. */
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { cliFault } from '#cli/faults'
import { fileFault } from '#cli/local-file'
import type { ProjectLocker } from '#cli/mdlibs/context'
import { sha256HexOf } from '#crypto/digest'
import { isFault } from '#fault/fault'
import { takeLock } from '#main/lock'

const askAgainMs = 100

/** Who comes second waits, and is told so once. The lock lies with what the user keeps; the system drops it however its holder ends. */
export const lockProject: ProjectLocker = async (root, { places, world, signal, onWait }) => {
  const directory = join(places.cache, 'projects')
  let path = directory
  try {
    await mkdir(directory, { recursive: true })
    path = join(directory, sha256HexOf(Buffer.from(await realpath(root))))
  } catch (cause) {
    throw fileFault(path, cause)
  }
  const holder = { program: 'mdlibs', pid: process.pid, since: world.now() }
  for (let isTold = false; ; isTold = true) {
    try {
      return takeLock(path, holder)
    } catch (error) {
      if (!isFault(error)) throw error
      const { reason } = error.detail
      if (!isFault(error, 'main/data-in-use'))
        throw cliFault('cli/file-unusable', { path, reason }, error)
    }
    if (!isTold) onWait()
    await world.sleep(askAgainMs, { signal })
  }
}
