/** Archives in a directory: written to a temporary file, synced, renamed to where their digest says. */
import { posix } from 'node:path'
import type { Disk } from '#disk/disk'
import { incomingDirectory, openIfThere, readFile, spool, sweepSpool } from '#library/_spool'
import { type ArchiveStore, blobOfPath, pathOfBlob } from '#library/archive-store'
import type { World } from '#world/world'

export interface DirectoryArchivesOptions {
  /** Everything below its root is ours. */
  readonly disk: Disk
  /** For people. */
  readonly name: string
  readonly world: World
}

export function directoryArchives({ disk, name, world }: DirectoryArchivesOptions): ArchiveStore {
  return {
    name,
    async store(stream, { admit, signal }) {
      const { path, digest, bytes } = await spool({ disk, world }, stream, {
        isSynced: true,
        signal,
      })
      try {
        world.passing('library/archive-written')
        await admit?.({ digest, bytes })
        const target = pathOfBlob(digest)
        await disk.makeDirectory(posix.dirname(target))
        await disk.rename(path, target)
        await disk.syncDirectory(posix.dirname(target))
        return { digest, bytes }
      } catch (error) {
        await disk.remove(path).catch(() => {}) // the first failure is the one to tell
        throw error
      }
    },
    async open(digest) {
      const file = await openIfThere(disk, pathOfBlob(digest))
      if (file === undefined) return undefined
      const bytes = await file.bytes()
      let isOpen = true
      return {
        bytes,
        read: (range, { signal }) =>
          readFile(file, { first: range?.first ?? 0, last: range?.last ?? bytes - 1 }, signal),
        release() {
          if (!isOpen) return
          isOpen = false
          void file.close()
        },
      }
    },
    async remove(digest, { storedBefore }) {
      const path = pathOfBlob(digest)
      const found = await disk.stat(path)
      if (found === undefined || found.modifiedAt >= storedBefore) return false
      return await disk.remove(path)
    },
    async *list({ signal }) {
      for await (const path of filesBelow(disk, 'sha256', signal)) {
        const digest = blobOfPath(path)
        const found = digest === undefined ? undefined : await disk.stat(path)
        if (digest === undefined || found === undefined) continue
        yield { digest, bytes: found.bytes, storedAt: found.modifiedAt }
      }
    },
    sweepTemporary: (olderThan, options) => sweepSpool(disk, olderThan, options),
    async check() {
      await disk.makeDirectory(incomingDirectory)
    },
  }
}

/** `sha256/ab/cd/…`: names of three levels. */
async function* filesBelow(
  disk: Disk,
  top: string,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  for (const first of await disk.list(top)) {
    for (const second of await disk.list(posix.join(top, first))) {
      signal.throwIfAborted()
      const directory = posix.join(top, first, second)
      for (const name of await disk.list(directory)) yield posix.join(directory, name)
    }
  }
}
