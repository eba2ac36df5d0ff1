/**
 * The change log of one node: segments that only grow, each opened for writing once. A process appends to segments of its own
 * and never to one it found, so a torn tail is never written over and needs no repair. Faults 1, 2, 3 and 5 meet here.
 */
import { type DiskFile, directAlignment } from '#disk/disk'
import type { FreeSpace } from '#disk/free-space'
import { TakingTurns } from '#disk/taking-turns'
import { isFault } from '#fault/fault'
import type { NodeHome } from '#shard/_home'
import { type Scanned, scanSegment } from '#shard/_log-scan'
import { highestLast } from '#shard/_sequence'
import { shardFault } from '#shard/faults'
import { fillFrame, frameBytes } from '#shard/log-frame'
import type { NodeLog } from '#shard/store'

/** Where a log lies on its disk, and how. */
export interface LogPlace {
  readonly directory: string
  /** A segment that has reached this is followed by a new one: what `cut` can give back at a time. */
  readonly segmentBytes: number
  /** What it must leave room in. The change log takes what there is: removals need it. */
  readonly space?: FreeSpace
}

interface Segment {
  readonly path: string
  /** Up to here frames are on stable storage; nothing beyond is ever shown by this process. */
  bytes: number
  /** Highest `last` of its whole frames; 0n while it has none. */
  last: bigint
}

/**
 * What lies ahead of the frames is written as zeros before they come, so much at a time: a synced write that makes its file longer waits for the
 * file system's journal besides, which takes it several times as long. A page of zeros is nothing to a reader. As much as there are frames, from
 * so many on.
 */
const aheadBytesMin = 64 * 1024
const aheadBytesMax = 512 * 1024
/** Where that failed, perhaps for want of space, frames go on without for so long. */
const aheadPauseMs = 10_000

const zeros = new Uint8Array(aheadBytesMax)

/** A directory that was moved away is missed this long at most. */
const lookMs = 100

/** The segment that is appended to. */
interface Active {
  readonly segment: Segment
  readonly file: DiskFile
  /** The file reaches to here: behind the frames there are zeros. */
  reachBytes: number
  /** Settles when the zeros that are being written are there, or could not be. */
  extending: Promise<void> | undefined
  /** A write has failed, and that is final. */
  isSpent: boolean
}

interface LogFrame {
  readonly first: bigint
  readonly last: bigint
  readonly frame: Uint8Array
}

export class DiskLog implements NodeLog {
  readonly #home: NodeHome
  readonly #directory: string
  readonly #segmentBytes: number
  readonly #space: FreeSpace | undefined
  readonly #turns = new TakingTurns<'append'>()
  /** When the directory was last known to be in its place (monotonic ms). */
  #lookedAt = Number.NEGATIVE_INFINITY
  #segments: Segment[] = []
  #nextOrdinal = 1
  #active: Active | undefined
  /** No zeros are written before this time (monotonic ms). */
  #aheadFrom = 0

  constructor(home: NodeHome, { directory, segmentBytes, space }: LogPlace) {
    this.#home = home
    this.#directory = directory
    this.#segmentBytes = segmentBytes
    this.#space = space
  }

  /** Reads every segment once: their ends and their highest sequence numbers. */
  async load(): Promise<void> {
    const { disk } = this.#home
    for (const name of await disk.list(this.#directory)) {
      const [, ordinal] = /^(\d{8})-\d{20}\.log$/.exec(name) ?? []
      if (ordinal === undefined) continue
      const path = `${this.#directory}/${name}`
      const bytes = (await disk.stat(path))?.bytes ?? 0
      const segment = { path, bytes, last: 0n }
      for await (const found of this.#scan(segment))
        if (found.kind === 'frame' && found.last > segment.last) segment.last = found.last
      this.#segments.push(segment)
      this.#nextOrdinal = Number(ordinal) + 1
    }
    await this.#settleNewest()
  }

  append(frame: Uint8Array, range: { first: bigint; last: bigint }): Promise<void> {
    const write = (): Promise<void> => this.#append(frame, range)
    return this.#turns.run('append', () =>
      this.#home.guard(() => this.#space?.spend(frameBytes(frame.length), write) ?? write()),
    )
  }

  async *read({ after = 0n }: { after?: bigint } = {}): AsyncGenerator<LogFrame> {
    for (const segment of [...this.#segments]) {
      if (segment.last <= after) continue
      for await (const found of this.#scan(segment))
        switch (found.kind) {
          case 'frame':
            if (found.last > after)
              yield { first: found.first, last: found.last, frame: found.frame }
            break
          case 'damage':
          case 'torn':
            this.#report(segment, found)
        }
    }
  }

  async lastSequence(): Promise<bigint> {
    return highestLast(this.#segments)
  }

  /** Keeps the segment of the highest sequence number, so that the node never forgets how far it has come. */
  async cut(sequence: bigint): Promise<void> {
    const highest = await this.lastSequence()
    await this.#turns.run('append', () =>
      this.#home.guard(async () => {
        const isKept = (segment: Segment): boolean =>
          segment === this.#active?.segment || segment.last > sequence || segment.last === highest
        const cut = this.#segments.filter((segment) => !isKept(segment))
        this.#segments = this.#segments.filter(isKept)
        for (const { path } of cut) await this.#home.disk.remove(path)
        if (cut.length > 0) await this.#home.disk.syncDirectory(this.#directory)
      }),
    )
  }

  async close(): Promise<void> {
    await this.#turns.run('append', () => this.#retire())
  }

  async #append(frame: Uint8Array, range: { first: bigint; last: bigint }): Promise<void> {
    const active = await this.#room(range.first, frameBytes(frame.length))
    const { segment, file } = active
    try {
      const bytes = frameBytes(frame.length)
      const page = segment.bytes / directAlignment
      const end = segment.bytes + bytes
      active.reachBytes = Math.max(active.reachBytes, end)
      const written = file.writeFilled(bytes, segment.bytes, (memory) =>
        fillFrame(memory, frame, { ...range, page }),
      )
      await Promise.all([written, this.#lookForDirectory(segment)])
      if (!file.isNamed()) throw await this.#lostSegment(segment)
      segment.bytes = end
      if (range.last > segment.last) segment.last = range.last
      this.#extend(active)
    } catch (error) {
      active.isSpent = true
      await this.#retire() // whatever is at its end now, nothing is appended after it
      throw error
    }
  }

  /** The open segment, or a new one when there is none or it is full. Zeros that are on their way to where the frame goes are waited for. */
  async #room(first: bigint, bytes: number): Promise<Active> {
    const active = this.#active
    if (active !== undefined && active.segment.bytes < this.#segmentBytes) {
      if (active.segment.bytes + bytes > active.reachBytes) await active.extending
      if (!active.isSpent) return active
    }
    await this.#retire()
    const ordinal = String(this.#nextOrdinal).padStart(8, '0')
    const path = `${this.#directory}/${ordinal}-${String(first).padStart(20, '0')}.log`
    this.#nextOrdinal += 1
    const file = await this.#home.disk.create(path, { direct: true, synced: true })
    await this.#home.disk.syncDirectory(this.#directory)
    const segment = { path, bytes: 0, last: 0n }
    this.#segments.push(segment)
    this.#active = { segment, file, reachBytes: 0, extending: undefined, isSpent: false }
    return this.#active
  }

  /** Begins to write zeros ahead of the frames when few are left. */
  #extend(active: Active): void {
    const { segment, reachBytes } = active
    const ahead = Math.min(segment.bytes, aheadBytesMax)
    const isNeeded = reachBytes - segment.bytes < ahead / 2 && reachBytes < this.#segmentBytes
    if (!isNeeded || ahead < aheadBytesMin || active.extending !== undefined) return
    if (this.#home.world.monotonic() < this.#aheadFrom) return
    active.extending = this.#writeZeros(active, ahead).finally(() => {
      active.extending = undefined
    })
  }

  /** A frame that fails says why; zeros that do are done without. */
  async #writeZeros(active: Active, bytes: number): Promise<void> {
    const { file, reachBytes } = active
    try {
      await file.write(zeros.subarray(0, bytes), reachBytes)
      active.reachBytes = reachBytes + bytes
    } catch {
      this.#aheadFrom = this.#home.world.monotonic() + aheadPauseMs
      active.isSpent = true
      await file.truncate(reachBytes).catch(() => {}) // the room that there was is for frames
    }
  }

  /**
   * A directory that was taken away under us swallows writes without a word. One that was removed has taken the file's name with it, which is
   * looked at behind every write. For one that was moved we look while the device works, now and then: what was written before we looked lies
   * in it still, as it would had it been moved a moment later.
   */
  async #lookForDirectory(segment: Segment): Promise<void> {
    const { disk, world } = this.#home
    const now = world.monotonic()
    if (now - this.#lookedAt < lookMs) return
    if ((await disk.stat(segment.path)) === undefined) throw await this.#lostSegment(segment)
    this.#lookedAt = now
  }

  async #retire(): Promise<void> {
    const active = this.#active
    this.#active = undefined
    if (active === undefined) return
    const { file, segment } = active
    await active.extending
    if (!active.isSpent && active.reachBytes > segment.bytes)
      await file.truncate(segment.bytes).catch(() => {}) // the zeros that are left, which harm nobody
    await file.close().catch(() => {}) // what counts was synced before
  }

  async *#scan(segment: Segment): AsyncGenerator<Scanned> {
    const file = await this.#open(segment)
    if (file === undefined) return
    try {
      yield* scanSegment(file, segment.bytes)
    } finally {
      await file.close()
    }
  }

  /** `undefined` for a segment that was cut since. */
  #open(segment: Segment): Promise<DiskFile | undefined> {
    return this.#home.guard(async () => {
      try {
        return await this.#home.disk.open(segment.path)
      } catch (error) {
        if (isFault(error, 'disk/not-found') && !this.#segments.includes(segment)) return undefined
        throw error
      }
    })
  }

  /** What a killed process wrote but did not sync, we have just read as if it were safe: make it so. Its name is (`#room`). */
  async #settleNewest(): Promise<void> {
    const newest = this.#segments.at(-1)
    if (newest === undefined) return
    const file = await this.#home.disk.open(newest.path)
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async #lostSegment(segment: Segment): Promise<unknown> {
    await this.#home.probe()
    return shardFault('shard/io', { node: this.#home.node, path: segment.path, reason: 'gone' })
  }

  #report(segment: Segment, { kind, page }: { kind: 'damage' | 'torn'; page: number }): void {
    const { node, telemetry } = this.#home
    telemetry.damageFound({ node, what: `${segment.path} page ${page}`, reason: kind })
  }
}
