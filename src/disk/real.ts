/** The disk of the machine, through `node:fs`. Direct writes on Linux; buffered and synced where a file system refuses them. */
import assert from 'node:assert'
import { closeSync, constants } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  openDescriptor,
  renamePath,
  statFileSystem,
  statPath,
  syncAll,
  unlinkPath,
} from '#disk/_calls'
import { writeDurably } from '#disk/_write-durably'
import type { CreateOptions, Disk, DiskFile } from '#disk/disk'
import { faultOf } from '#disk/faults'
import { makeDirectories, makeDirectoryIn } from '#disk/make-directories'
import { RealFile } from '#disk/real-file'
import { TakingTurns } from '#disk/taking-turns'
import { isFault } from '#fault/fault'

const directoryMode = 0o700

/** `undefined` on systems without direct I/O (macOS), whose writes are buffered and synced. */
const directFlag: number | undefined = constants.O_DIRECT
/** Makes every write a synced one. Only where it means stable storage: macOS has the flag, and keeps the bytes in the drive. */
const syncFlag = process.platform === 'linux' ? constants.O_DSYNC : undefined

/**
 * A disk whose paths lie below the directory `root`. Does no I/O: a missing root shows as absence (`list` is empty, `create`
 * is `disk/not-found`) until `makeDirectory('')` or a deeper one makes it.
 */
export function openRealDisk(root: string): Disk {
  return new RealDisk(root)
}

class RealDisk implements Disk {
  readonly #root: string
  #isDirectRefused = directFlag === undefined
  /** Directory syncs that have not started yet: whoever comes in time shares them. */
  readonly #queuedSyncs = new Map<string, Promise<void>>()
  readonly #runningSyncs = new Map<string, Promise<void>>()
  readonly #turns = new TakingTurns<string>()

  constructor(root: string) {
    this.#root = resolve(root)
  }

  create(path: string, options: CreateOptions = {}): Promise<DiskFile> {
    return this.#openFile(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, options)
  }

  open(path: string, options: { direct?: boolean } = {}): Promise<DiskFile> {
    return this.#openFile(path, constants.O_RDWR, options)
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await orAbsent(path, async () => new Uint8Array(await readFile(this.#at(path))))
  }

  writeDurably(path: string, bytes: Uint8Array): Promise<void> {
    return this.#turns.run(path, () => writeDurably(this, path, bytes))
  }

  async rename(from: string, to: string): Promise<void> {
    await renamePath(this.#at(from), this.#at(to))
  }

  async remove(path: string): Promise<boolean> {
    const removed = await orAbsent(path, async () => {
      await unlinkPath(this.#at(path))
      return true
    })
    return removed ?? false
  }

  /**
   * Each name is durable once the directory above it is synced. A directory that exists is synced all the same: whoever made
   * it may have been killed before its sync.
   */
  async makeDirectory(path: string, { parents = true }: { parents?: boolean } = {}): Promise<void> {
    const full = this.#at(path)
    if (!parents) {
      await orFault(path, () => makeDirectoryIn(full, directoryMode))
      return await this.#shareSync(dirname(full))
    }
    const first = await orFault(path, () => makeDirectories(full, directoryMode))
    const highest = dirname(
      first !== undefined && first.length < this.#root.length ? first : this.#root,
    )
    const changed: string[] = []
    for (let above = dirname(full); ; above = dirname(above)) {
      changed.push(above)
      if (above === highest) break
    }
    await Promise.all(changed.map((one) => this.#shareSync(one))) // a file system makes one commit of them
  }

  async list(path: string): Promise<readonly string[]> {
    const names = await orAbsent(path, () => readdir(this.#at(path)))
    return names?.sort() ?? []
  }

  async stat(path: string): Promise<{ bytes: number; modifiedAt: number } | undefined> {
    const stats = await orAbsent(path, () => statPath(this.#at(path)))
    return stats && { bytes: stats.size, modifiedAt: Math.floor(stats.mtimeMs) }
  }

  syncDirectory(path: string): Promise<void> {
    return this.#shareSync(this.#at(path))
  }

  async fileSystem(): Promise<unknown> {
    const { dev } = await orFault('', () => statPath(this.#root))
    return dev
  }

  async capacity(): Promise<{ totalBytes: number; freeBytes: number }> {
    const { bsize, blocks, bavail } = await statFileSystem(this.#root)
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
  }

  async removeTree(path: string): Promise<void> {
    await orFault(path, () => rm(this.#at(path), { recursive: true, force: true }))
  }

  async close(): Promise<void> {}

  #at(path: string): string {
    assert(!/^\/|(?:^|\/)\.{1,2}(?:\/|$)/.test(path), `not a path below the root: ${path}`)
    return path === '' ? this.#root : `${this.#root}/${path}`
  }

  async #openFile(
    path: string,
    openFlags: number,
    { direct = false, synced = false }: CreateOptions,
  ): Promise<DiskFile> {
    const full = this.#at(path)
    const flags = synced ? openFlags | (syncFlag ?? 0) : openFlags
    const sync = synced ? (syncFlag ?? 'after each write') : undefined
    if (direct && directFlag !== undefined && !this.#isDirectRefused) {
      const descriptor = await this.#tryDirect(full, flags | directFlag)
      if (descriptor !== undefined)
        return new RealFile({ descriptor, path: full }, { isDirect: true, sync })
    }
    const descriptor = await openDescriptor(full, flags)
    return new RealFile({ descriptor, path: full }, { isDirect: false, sync })
  }

  /** `undefined` when the file system has no direct I/O (EINVAL); it may have made the file before it refused. */
  async #tryDirect(full: string, flags: number): Promise<number | undefined> {
    try {
      return await openDescriptor(full, flags)
    } catch (error) {
      if (!isFault(error, 'disk/io') || error.detail['errno'] !== 'EINVAL') throw error
      this.#isDirectRefused = true
      if ((flags & constants.O_CREAT) !== 0) await rm(full, { force: true })
      return undefined
    }
  }

  /** Calls that come while one sync of the same directory runs share the next one. */
  #shareSync(full: string): Promise<void> {
    const queued = this.#queuedSyncs.get(full)
    if (queued !== undefined) return queued
    const running = this.#runningSyncs.get(full)
    if (running === undefined) return this.#startSync(full)
    const next = running
      .catch(() => {})
      .then(() => {
        this.#queuedSyncs.delete(full)
        return this.#startSync(full)
      })
    this.#queuedSyncs.set(full, next)
    return next
  }

  #startSync(full: string): Promise<void> {
    const sync = syncDirectoryAt(full).finally(() => {
      if (this.#runningSyncs.get(full) === sync) this.#runningSyncs.delete(full)
    })
    this.#runningSyncs.set(full, sync)
    return sync
  }
}

async function syncDirectoryAt(full: string): Promise<void> {
  const descriptor = await openDescriptor(full, constants.O_RDONLY)
  try {
    await syncAll({ descriptor, path: full })
  } finally {
    closeSync(descriptor) // a directory has nothing to flush: not worth a thread
  }
}

async function orFault<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw faultOf(error, path)
  }
}

async function orAbsent<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await orFault(path, work)
  } catch (error) {
    if (isFault(error, 'disk/not-found')) return undefined
    throw error
  }
}
