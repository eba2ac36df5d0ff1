/**
 * Room that is kept free: what holds data must leave some to what removals need, a log and a database, or a disk that is full could never be
 * emptied again. Measured now and then, and what has been written since is counted. The disk itself has the last word.
 */
import { diskFault } from '#disk/faults'
import type { World } from '#world/world'

/** Data leave this much of a file system, or `reservedShare` of a small one. */
const reservedBytesMax = 64 * 1024 * 1024
const reservedShare = 0.05

/** How long a measurement serves. */
const measuredMs = 100

interface Capacity {
  readonly totalBytes: number
  readonly freeBytes: number
}

/** What data may take of a file system. */
export function freeForData({ totalBytes, freeBytes }: Capacity): number {
  const reservedBytes = Math.min(reservedBytesMax, Math.ceil(totalBytes * reservedShare))
  return Math.max(0, freeBytes - reservedBytes)
}

interface Measurement extends Capacity {
  /** When it was begun (monotonic ms). */
  readonly at: number
  /** Bytes whose writing had ended by then. */
  readonly writtenBefore: number
}

export interface Spending<T> {
  /** Asked on behalf of this spending alone: whoever waits for a disk that hangs holds up nobody else. */
  readonly measure: () => Promise<Capacity>
  readonly write: () => Promise<T>
}

/** Of one file system, for all in this process that write to it. */
export class FreeSpace {
  readonly #world: Pick<World, 'monotonic'>
  #measured: Measurement | undefined
  /** Bytes whose writing has begun and not ended: perhaps no measurement shows them yet. */
  #beingWritten = 0
  /** Bytes whose writing has ended, since this was made. */
  #written = 0

  constructor(world: Pick<World, 'monotonic'>) {
    this.#world = world
  }

  /** Runs `write`, which makes files longer by up to `bytes`, if that leaves room enough. `disk/full`, or what `write` rejects with. */
  async spend<T>(bytes: number, { measure, write }: Spending<T>): Promise<T> {
    this.#require(bytes, await this.#look(measure))
    this.#beingWritten += bytes
    try {
      return await write()
    } finally {
      this.#beingWritten -= bytes
      this.#written += bytes
    }
  }

  async #look(measure: () => Promise<Capacity>): Promise<Measurement> {
    const at = this.#world.monotonic()
    if (this.#measured !== undefined && at - this.#measured.at <= measuredMs) return this.#measured
    const writtenBefore = this.#written
    const measured = { ...(await measure()), at, writtenBefore }
    this.#measured = measured
    return measured
  }

  #require(bytes: number, measured: Measurement): void {
    const takenBytes = this.#written - measured.writtenBefore + this.#beingWritten
    const freeBytes = freeForData(measured)
    if (takenBytes + bytes <= freeBytes) return
    this.#measured = undefined // look again next time: somebody may be making room
    throw diskFault('disk/full', { freeBytes, wantedBytes: bytes })
  }
}

/** Those of one process, by file system. */
export class FreeSpaces {
  readonly #world: Pick<World, 'monotonic'>
  readonly #byFileSystem = new Map<unknown, FreeSpace>()

  constructor(world: Pick<World, 'monotonic'>) {
    this.#world = world
  }

  /** `fileSystem`: what `Disk.fileSystem` tells. */
  of(fileSystem: unknown): FreeSpace {
    const space = this.#byFileSystem.get(fileSystem) ?? new FreeSpace(this.#world)
    this.#byFileSystem.set(fileSystem, space)
    return space
  }
}
