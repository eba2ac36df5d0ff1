/**
 * Room that is kept free: what holds data must leave some to what removals need, a log and a database, or a disk that is full could never be
 * emptied again. Measured now and then, and what has been written since is counted. The disk itself has the last word.
 */
import type { Disk } from '#disk/disk'
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
export function freeForData(capacity: Capacity): number {
  return freeBeside(reservedBytes(capacity), capacity)
}

/** What logs of requests may take, which go on when data is refused, but not to the end: half of what data leave is for removals alone. */
function freeForLogs(capacity: Capacity): number {
  return freeBeside(reservedBytes(capacity) / 2, capacity)
}

function reservedBytes({ totalBytes }: Capacity): number {
  return Math.min(reservedBytesMax, Math.ceil(totalBytes * reservedShare))
}

function freeBeside(reservedBytes: number, { freeBytes }: Capacity): number {
  return Math.max(0, Math.floor(freeBytes - reservedBytes))
}

interface Measurement extends Capacity {
  /** When it was begun (monotonic ms). */
  readonly at: number
  /** Bytes whose writing had ended by then. */
  readonly writtenBefore: number
}

/** What is known of a file system by all who write to it. */
class Tally {
  measured: Measurement | undefined
  /** Bytes whose writing has begun and not ended: perhaps no measurement shows them yet. */
  beingWritten = 0
  /** Bytes whose writing has ended, since this was made. */
  written = 0
}

/** Of one file system, for one of those that write to it. */
export class FreeSpace {
  readonly #world: Pick<World, 'monotonic'>
  readonly #measure: () => Promise<Capacity>
  readonly #tally: Tally
  readonly #freeOf: (capacity: Capacity) => number

  /** Each measures for itself: whoever waits for a disk that hangs holds up nobody else. Callers leave `tally` out. */
  constructor(
    world: Pick<World, 'monotonic'>,
    measure: () => Promise<Capacity>,
    {
      tally = new Tally(),
      isForLogs = false,
    }: { readonly tally?: Tally; readonly isForLogs?: boolean } = {},
  ) {
    this.#world = world
    this.#measure = measure
    this.#tally = tally
    this.#freeOf = isForLogs ? freeForLogs : freeForData
  }

  /** Runs `write`, which makes files longer by up to `bytes`, if that leaves room enough. `disk/full`, or what `write` rejects with. */
  async spend<T>(bytes: number, write: () => Promise<T>): Promise<T> {
    this.#require(bytes, await this.#look())
    const tally = this.#tally
    tally.beingWritten += bytes
    try {
      return await write()
    } finally {
      tally.beingWritten -= bytes
      tally.written += bytes
    }
  }

  async #look(): Promise<Measurement> {
    const { measured, written: writtenBefore } = this.#tally
    const at = this.#world.monotonic()
    if (measured !== undefined && at - measured.at <= measuredMs) return measured
    const now = { ...(await this.#measure()), at, writtenBefore }
    this.#tally.measured = now
    return now
  }

  #require(bytes: number, measured: Measurement): void {
    const { written, beingWritten } = this.#tally
    const takenBytes = written - measured.writtenBefore + beingWritten
    const freeBytes = this.#freeOf(measured)
    if (takenBytes + bytes <= freeBytes) return
    this.#tally.measured = undefined // look again next time: somebody may be making room
    throw diskFault('disk/full', { freeBytes, wantedBytes: bytes })
  }
}

/** Those of one process: disks on one file system share what they know of it. */
export class FreeSpaces {
  readonly #world: Pick<World, 'monotonic'>
  readonly #tallies = new Map<unknown, Tally>()

  constructor(world: Pick<World, 'monotonic'>) {
    this.#world = world
  }

  /** The disk's root must be there. */
  async of(disk: Disk): Promise<FreeSpace> {
    const fileSystem = await disk.fileSystem()
    const tally = this.#tallies.get(fileSystem) ?? new Tally()
    this.#tallies.set(fileSystem, tally)
    return new FreeSpace(this.#world, () => disk.capacity(), { tally })
  }
}
