/**
 * Carries what is committed to the nodes, in order: first what the outbox still holds from before, then each run as it is committed. One frame at a
 * time; runs that are committed meanwhile share the next one. While nodes are too few it keeps trying, and whoever waits is told.
 */
import assert from 'node:assert/strict'
import { changelogFault } from '#changelog/faults'
import type { FrameSealer, Run } from '#changelog/frame'
import type { FramePlacer, Placing } from '#changelog/placement'
import { readOutbox } from '#changelog/state'
import type { Sql } from '#sql/sql'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** Runs are gathered into one frame up to this; a single larger run has a frame to itself. */
const frameChangesBytes = 1024 * 1024
/** Commits wait while so much is committed and not yet logged. */
const backlogBytesMax = 4 * 1024 * 1024
const retryMsMin = 100
const retryMsMax = 2_000

export interface LogWriterOptions {
  readonly sql: Sql
  readonly placer: FramePlacer
  readonly sealer: FrameSealer
  /** Done, until it succeeds, before the first frame is placed. */
  readonly prepare: () => Promise<void>
  /** The newest committed change. */
  readonly committed: bigint
  /** Changes up to here are on enough nodes already; the outbox holds the others. */
  readonly logged: bigint
  readonly world: World
  readonly telemetry: Telemetry
}

/** `replaying`: what a former process left is on its way. `unavailable`: nodes were too few at the last attempt. */
type WriterState = 'replaying' | 'clear' | 'unavailable' | 'closed'

interface Waiter {
  readonly sequence: bigint
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #closing = new AbortController()
  #state: WriterState
  #logged: bigint
  #isReplayed: boolean
  #isPrepared = false
  #isWorking = false
  /** Committed and in no frame yet, oldest first. */
  #runs: Run[] = []
  #backlogBytes = 0
  #waiters: Waiter[] = []
  #waitingForRoom: (() => void)[] = []

  constructor(options: LogWriterOptions) {
    this.#options = options
    this.#logged = options.logged
    this.#isReplayed = options.committed <= options.logged
    this.#state = this.#isReplayed ? 'clear' : 'replaying'
  }

  /** Changes up to here are on enough nodes. */
  get logged(): bigint {
    return this.#logged
  }

  /** Whether new changes may be committed. */
  get isClear(): boolean {
    return this.#state === 'clear'
  }

  /** Replays the outbox: to its end, or until nodes turn out too few and it goes on by itself. */
  async open(): Promise<void> {
    this.#start()
    await this.reached(this.#options.committed).catch(() => {})
  }

  /** The next committed run. */
  add(run: Run): void {
    this.#runs.push(run)
    this.#backlogBytes += run.changes.length
    this.#start()
  }

  reached(sequence: bigint): Promise<void> {
    if (sequence <= this.#logged) return Promise.resolve()
    if (this.#state === 'unavailable' || this.#state === 'closed')
      return Promise.reject(changelogFault('changelog/unavailable', { state: this.#state }))
    return new Promise((resolve, reject) => this.#waiters.push({ sequence, resolve, reject }))
  }

  /** Resolves when the backlog is short, or the log not clear. */
  async room(): Promise<void> {
    while (this.#backlogBytes >= backlogBytesMax && this.isClear)
      await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve))
  }

  /** What is not logged stays in the outbox; whoever waits for it hears `changelog/unavailable`. */
  close(): void {
    this.#closing.abort()
    this.#options.placer.close()
    this.#leave('closed', undefined)
  }

  #start(): void {
    if (this.#isWorking) return
    this.#isWorking = true
    void this.#work()
  }

  async #work(): Promise<void> {
    let placing: Placing | undefined
    let retryMs = retryMsMin
    while (this.#state !== 'closed') {
      try {
        if (placing === undefined) {
          const runs = this.#isReplayed ? this.#takeRuns() : await this.#readRuns()
          if (runs.length === 0) break
          placing = this.#options.placer.prepare(this.#options.sealer.seal(runs))
        }
        await this.#prepare()
        await this.#options.placer.attempt(placing)
        this.#advance(placing.frame.last)
        placing = undefined
        retryMs = retryMsMin
      } catch (error) {
        this.#suspend(error)
        await this.#pause(retryMs)
        retryMs = Math.min(2 * retryMs, retryMsMax)
      }
    }
    this.#isWorking = false // in the same breath as the look that found nothing, so that `add` never meets a loop about to end
  }

  #takeRuns(): readonly Run[] {
    const runs = this.#runs.splice(0, frameful(this.#runs))
    this.#backlogBytes -= bytesOf(runs)
    for (const proceed of this.#waitingForRoom.splice(0)) proceed()
    return runs
  }

  async #readRuns(): Promise<readonly Run[]> {
    const page = await readOutbox(this.#options.sql, this.#logged)
    const [next] = page
    if (next !== undefined) {
      assert(next.first === this.#logged + 1n, 'the outbox has a gap')
      return page.slice(0, frameful(page))
    }
    this.#isReplayed = true
    this.#resume()
    return this.#takeRuns()
  }

  async #prepare(): Promise<void> {
    if (this.#isPrepared) return
    await this.#options.prepare()
    this.#isPrepared = true
  }

  #advance(logged: bigint): void {
    this.#logged = logged
    if (this.#isReplayed) this.#resume()
    const reached = this.#waiters.filter(({ sequence }) => sequence <= logged)
    if (reached.length === 0) return
    this.#waiters = this.#waiters.filter(({ sequence }) => sequence > logged)
    for (const { resolve } of reached) resolve()
  }

  #resume(): void {
    if (this.#state === 'unavailable')
      this.#options.telemetry.note('info', 'The change log has caught up', {
        logged: String(this.#logged),
      })
    if (this.#state !== 'closed') this.#state = 'clear'
  }

  #suspend(error: unknown): void {
    if (this.#state === 'closed') return
    if (this.#state !== 'unavailable')
      this.#options.telemetry.note('warn', 'The change log cannot reach enough nodes', { error })
    this.#leave('unavailable', error)
  }

  #leave(state: 'unavailable' | 'closed', cause: unknown): void {
    this.#state = state
    for (const { reject } of this.#waiters.splice(0))
      reject(changelogFault('changelog/unavailable', { state }, cause))
    for (const proceed of this.#waitingForRoom.splice(0)) proceed()
  }

  async #pause(ms: number): Promise<void> {
    const { world } = this.#options
    try {
      await world.sleep(ms * (0.5 + world.random() / 2), { signal: this.#closing.signal })
    } catch {
      // closing: the loop looks for itself
    }
  }
}

/** How many of these runs go into one frame. */
function frameful(runs: readonly Run[]): number {
  let bytes = 0
  const end = runs.findIndex(({ changes }, index) => {
    bytes += changes.length
    return index > 0 && bytes > frameChangesBytes
  })
  return end === -1 ? runs.length : end
}

function bytesOf(runs: readonly Run[]): number {
  return runs.reduce((bytes, { changes }) => bytes + changes.length, 0)
}
