/**
 * The change log of one node: segments that only grow, each opened for writing once. A process appends to segments of its own
 * and never to one it found, so a torn tail is never written over and needs no repair. Faults 1, 2, 3 and 5 meet here.
 */
import { type DiskFile, directAlignment } from '#disk/disk'
import { TakingTurns } from '#disk/taking-turns'
import { isFault } from '#fault/fault'
import type { NodeHome } from '#shard/_home'
import { type Scanned, scanSegment } from '#shard/_log-scan'
import { highestLast } from '#shard/_sequence'
import { shardFault } from '#shard/faults'
import { encodeFrame } from '#shard/log-frame'
import type { NodeLog } from '#shard/store'

/** Where a log lies on its disk, and how. */
export interface LogPlace {
  readonly directory: string
  /** A segment that has reached this is followed by a new one: what `cut` can give back at a time. */
  readonly segmentBytes: number
}

interface Segment {
  readonly path: string
  /** Up to here frames are on stable storage; nothing beyond is ever shown by this process. */
  bytes: number
  /** Highest `last` of its whole frames; 0n while it has none. */
  last: bigint
}

/** A directory that was moved away is missed this long at most. */
const lookMs = 100

/** What most frames fit in; larger ones are put together in memory of their own. */
const frameMemoryBytes = 128 * 1024

interface LogFrame {
  readonly first: bigint
  readonly last: bigint
  readonly frame: Uint8Array
}

export class DiskLog implements NodeLog {
  readonly #home: NodeHome
  readonly #directory: string
  readonly #segmentBytes: number
  readonly #turns = new TakingTurns<'append'>()
  /** Where the frame that is being appended is put together: one at a time. */
  #memory: Uint8Array<ArrayBuffer> | undefined
  /** When the directory was last known to be in its place (monotonic ms). */
  #lookedAt = Number.NEGATIVE_INFINITY
  #segments: Segment[] = []
  #nextOrdinal = 1
  #active: { readonly segment: Segment; readonly file: DiskFile } | undefined

  constructor(home: NodeHome, { directory, segmentBytes }: LogPlace) {
    this.#home = home
    this.#directory = directory
    this.#segmentBytes = segmentBytes
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
    return this.#turns.run('append', () =>
      this.#home.guard(async () => {
        const { segment, file } = await this.#room(range.first)
        try {
          const page = segment.bytes / directAlignment
          this.#memory ??= new Uint8Array(frameMemoryBytes)
          const bytes = encodeFrame(frame, { ...range, page }, this.#memory)
          await Promise.all([file.write(bytes, segment.bytes), this.#lookForDirectory(segment)])
          if (!file.isNamed()) throw await this.#lostSegment(segment)
          segment.bytes += bytes.length
          if (range.last > segment.last) segment.last = range.last
        } catch (error) {
          await this.#retire() // whatever is at its end now, nothing is appended after it
          throw error
        }
      }),
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

  /** The open segment, or a new one when there is none or it is full. */
  async #room(first: bigint): Promise<{ segment: Segment; file: DiskFile }> {
    if (this.#active !== undefined && this.#active.segment.bytes < this.#segmentBytes)
      return this.#active
    await this.#retire()
    const ordinal = String(this.#nextOrdinal).padStart(8, '0')
    const path = `${this.#directory}/${ordinal}-${String(first).padStart(20, '0')}.log`
    this.#nextOrdinal += 1
    const file = await this.#home.disk.create(path, { direct: true, synced: true })
    await this.#home.disk.syncDirectory(this.#directory)
    const segment = { path, bytes: 0, last: 0n }
    this.#segments.push(segment)
    this.#active = { segment, file }
    return this.#active
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
    const file = this.#active?.file
    this.#active = undefined
    await file?.close().catch(() => {}) // what counts was synced before
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
