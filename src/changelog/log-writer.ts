/**
 * Carries what is committed to the nodes, in order: first what the outbox still holds from before, then one
 * run after the other as they are committed. While nodes are too few it keeps trying, and whoever waits is
 * told.
 */
import assert from 'node:assert/strict'
import { changelogFault } from '#changelog/faults'
import type { FrameSealer, Run } from '#changelog/frame'
import type { FramePlacer, Placing } from '#changelog/placement'
import { readOutbox } from '#changelog/state'
import type { Sql } from '#sql/sql'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** In a replay, runs are gathered into one frame up to this; a single larger run has a frame to itself. */
const frameChangesBytes = 1024 * 1024
const retryMsMin = 100
const retryMsMax = 2_000

export interface LogWriterOptions {
  readonly sql: Sql
  readonly placer: FramePlacer
  readonly sealer: FrameSealer
  /** The newest committed change. */
  readonly committed: bigint
  /** Changes up to here are on enough nodes already; the outbox holds the others. */
  readonly logged: bigint
  readonly world: World
  readonly telemetry: Telemetry
}

/**
 * `busy`: something is committed and on its way, a former process's outbox perhaps. `unavailable`: nodes were
 * too few at the last attempt; it is tried again.
 */
type WriterState = 'idle' | 'busy' | 'unavailable' | 'closed'

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
  /** Up to here we know of changes: their runs are in the outbox, or were given to us. */
  #given: bigint
  #runs: Run[] = []
  #waiters: Waiter[] = []
  #watchers: (() => void)[] = []

  constructor(options: LogWriterOptions) {
    this.#options = options
    this.#logged = options.logged
    this.#given = options.committed
    this.#isReplayed = options.committed <= options.logged
    this.#state = this.#isReplayed ? 'idle' : 'busy'
  }

  /** Changes up to here are on enough nodes. */
  get logged(): bigint {
    return this.#logged
  }

  /** Replays the outbox: to its end, or until nodes turn out too few and it goes on by itself. */
  async open(): Promise<void> {
    if (this.#state === 'idle') return
    void this.#work()
    await this.isIdle()
  }

  /** Brings the next committed run to the nodes, which `reached` will tell of. */
  write(run: Run): void {
    assert(run.first === this.#given + 1n)
    this.#given = run.last
    this.#runs.push(run)
    if (this.#state !== 'idle') return // it follows the one that is on its way
    this.#state = 'busy'
    void this.#work()
  }

  reached(sequence: bigint): Promise<void> {
    if (sequence <= this.#logged) return Promise.resolve()
    if (this.#state === 'unavailable' || this.#state === 'closed')
      return Promise.reject(this.#unavailable())
    return new Promise((resolve, reject) => this.#waiters.push({ sequence, resolve, reject }))
  }

  /** Waits while the log is busy; then, whether more may be committed. */
  async isIdle(): Promise<boolean> {
    while (this.#state === 'busy')
      await new Promise<void>((proceed) => this.#watchers.push(proceed))
    return this.#state === 'idle'
  }

  /** What is not logged stays in the outbox; whoever waits for it hears `changelog/unavailable`. */
  close(): void {
    this.#closing.abort()
    this.#options.placer.close()
    this.#enter('closed')
  }

  async #work(): Promise<void> {
    let placing: Placing | undefined
    let retryMs = retryMsMin
    while (this.#state !== 'closed') {
      try {
        placing ??= await this.#nextFrame()
        if (placing === undefined) break
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
    if (this.#state === 'unavailable')
      this.#options.telemetry.note('info', 'The change log has caught up')
    this.#enter('idle')
  }

  async #nextFrame(): Promise<Placing | undefined> {
    const runs = this.#isReplayed ? this.#takeRuns() : await this.#readRuns()
    if (runs.length === 0) return undefined
    const { placer, sealer } = this.#options
    return placer.prepare(sealer.seal(runs))
  }

  #takeRuns(): readonly Run[] {
    return this.#runs.splice(0, frameful(this.#runs))
  }

  async #readRuns(): Promise<readonly Run[]> {
    const page = await readOutbox(this.#options.sql, this.#logged)
    const [next] = page
    assert(next === undefined || next.first === this.#logged + 1n, 'the outbox has a gap')
    this.#isReplayed = next === undefined
    return page.slice(0, frameful(page))
  }

  #advance(logged: bigint): void {
    this.#options.world.passing('changelog/logged')
    this.#logged = logged
    const reached = this.#waiters.filter(({ sequence }) => sequence <= logged)
    if (reached.length === 0) return
    this.#waiters = this.#waiters.filter(({ sequence }) => sequence > logged)
    for (const { resolve } of reached) resolve()
  }

  #suspend(error: unknown): void {
    if (this.#state === 'closed') return
    if (this.#state !== 'unavailable')
      this.#options.telemetry.note('warn', 'The change log cannot reach enough nodes', { error })
    this.#enter('unavailable', error)
  }

  #enter(state: WriterState, cause?: unknown): void {
    if (this.#state === 'closed') return
    this.#state = state
    for (const proceed of this.#watchers.splice(0)) proceed()
    if (state === 'idle') return
    for (const { reject } of this.#waiters.splice(0)) reject(this.#unavailable(cause))
  }

  #unavailable(cause?: unknown): Error {
    return changelogFault('changelog/unavailable', { state: this.#state }, cause)
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

/** How many of these runs go into one frame: at least one, if there is any. */
function frameful(runs: readonly Run[]): number {
  let bytes = 0
  const end = runs.findIndex(({ changes }, index) => {
    bytes += changes.length
    return index > 0 && bytes > frameChangesBytes
  })
  return end === -1 ? runs.length : end
}
