/**
 * What goes to one target: in order for each object, several objects at a time, as often as it takes. When the target itself is away, one
 * attempt at a time finds out whether it is back; when it refuses one thing, only what comes after it for the same object waits.
 */
import type { ChangeLog } from '#changelog/change'
import { settled } from '#changelog/settled'
import type { DeliveryChange, DeliveryId, DeliveryRow } from '#delivery/changes'
import { Fault } from '#fault/fault'
import type { Queryable } from '#sql/sql'
import { inLanes } from '#stream/lanes'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** Deliveries that are looked at together, oldest first; of these, one target's hold memory. */
const windowRows = 500
/** So many windows are looked through for something that need not wait. */
const windowsMax = 20
/** Objects whose deliveries are on their way to one target at once. */
const atOnceMax = 8
/** Half to all of 1, 2, 4, … seconds, five minutes at most. */
const firstPauseMs = 1_000
const pauseMsMax = 300_000
/** While all that is there waits. */
const lookAgainMs = 1_000
/** After the database or the change log could not be used. */
const troubleMs = 5_000

export interface LaneParts {
  readonly sql: Queryable
  readonly changelog: ChangeLog
  readonly world: World
  readonly telemetry: Telemetry
  /** What has been tried for so long is given up. */
  readonly giveUpMs: number
}

/** Hands it over, or throws. What is `unavailable` speaks of the target, everything else of this one delivery. */
export type Deliver = (row: DeliveryRow, signal: AbortSignal) => Promise<void>

interface Pause {
  readonly failures: number
  /** Of the monotonic clock. */
  readonly until: number
}

export class Lane {
  readonly target: string
  readonly #parts: LaneParts
  readonly #deliver: Deliver
  /** By place: what was refused. */
  readonly #pauses = new Map<string, Pause>()
  #away: Pause | undefined
  /** Nothing can be done before. */
  #dueAt = 0
  #isRetired = false
  /** In words, of the last attempt; `undefined` after one that succeeded. */
  #trouble: string | undefined

  constructor(target: string, deliver: Deliver, parts: LaneParts) {
    this.target = target
    this.#deliver = deliver
    this.#parts = parts
  }

  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Ends what is on its way, and begins nothing more. */
  retire(): void {
    this.#isRetired = true
  }

  isDue(): boolean {
    return !this.#isRetired && this.#parts.world.monotonic() >= this.#dueAt
  }

  /** Until nothing waits that could be tried now. Rejects when the signal is aborted, or the database or the log cannot be used. */
  async drain(signal: AbortSignal): Promise<void> {
    try {
      while (this.isDue()) {
        signal.throwIfAborted()
        const queues = await this.#next()
        if (queues === undefined) return
        if (queues.length > 0) await this.#send(queues, signal)
        else this.#wait(lookAgainMs) // another object's may come meanwhile
      }
    } catch (error) {
      this.#wait(troubleMs)
      throw error
    }
  }

  #wait(ms: number): void {
    this.#dueAt = this.#parts.world.monotonic() + ms
  }

  /** What can be tried of the first window that has such; `undefined` when nothing waits at all. */
  async #next(): Promise<readonly (readonly DeliveryRow[])[] | undefined> {
    let last: Pick<DeliveryRow, 'sequence' | 'ordinal'> = { sequence: 0, ordinal: 0 }
    for (let window = 0; window < windowsMax; window += 1) {
      const rows = await this.#read(last)
      if (rows.length === 0 && window === 0) return undefined
      const queues = this.#ready(rows)
      const end = rows.at(-1)
      if (queues.length > 0 || end === undefined) return queues
      last = end
    }
    return []
  }

  /** What is shown to others must not be lost afterwards. */
  async #read({
    sequence,
    ordinal,
  }: Pick<DeliveryRow, 'sequence' | 'ordinal'>): Promise<readonly DeliveryRow[]> {
    return await settled(
      this.#parts,
      () => this.#parts.sql.query<DeliveryRow>`
        select * from delivery where target = ${this.target} and given_up_at is null
          and (sequence, ordinal) > (${sequence}, ${ordinal})
        order by sequence, ordinal limit ${windowRows}`,
    )
  }

  /** By place, in order; without those that are to wait: of a place that waits in one window, nothing is tried from another. */
  #ready(rows: readonly DeliveryRow[]): readonly (readonly DeliveryRow[])[] {
    const now = this.#parts.world.monotonic()
    const queues = Map.groupBy(rows, ({ place }) => place)
    const ready = [...queues].filter(([place]) => (this.#pauses.get(place)?.until ?? 0) <= now)
    return ready.map(([, queue]) => queue)
  }

  async #send(queues: readonly (readonly DeliveryRow[])[], signal: AbortSignal): Promise<void> {
    const ended: DeliveryId[] = []
    const givenUp: DeliveryId[] = []
    const isAway = this.#away !== undefined
    try {
      await inLanes(isAway ? queues.slice(0, 1) : queues, isAway ? 1 : atOnceMax, async (queue) => {
        for (const row of queue) {
          if (!this.isDue() || signal.aborted) return
          const outcome = await this.#try(row, signal)
          if (outcome === 'later') return
          const ids = outcome === 'ended' ? ended : givenUp
          ids.push([row.sequence, row.ordinal])
          if (isAway) return // it is back: the others need not wait for this one's queue
        }
      })
      if (this.#away !== undefined) givenUp.push(...this.#tooOld(queues.flat(), givenUp))
    } finally {
      await this.#record({ ended, givenUp })
    }
  }

  /** When nothing arrives, what has waited too long need not be tried one by one. */
  #tooOld(rows: readonly DeliveryRow[], known: readonly DeliveryId[]): readonly DeliveryId[] {
    const { telemetry, world, giveUpMs } = this.#parts
    const isKnown = (row: DeliveryRow): boolean =>
      known.some(([sequence, ordinal]) => sequence === row.sequence && ordinal === row.ordinal)
    return rows
      .filter((row) => world.now() - row.at > giveUpMs && !isKnown(row))
      .map(({ sequence, ordinal, target, place }) => {
        this.#pauses.delete(place)
        telemetry.delivered({ target, outcome: 'given-up' })
        return [sequence, ordinal]
      })
  }

  async #try(row: DeliveryRow, signal: AbortSignal): Promise<'ended' | 'given-up' | 'later'> {
    const { telemetry, world, giveUpMs } = this.#parts
    const { target } = this
    try {
      await this.#deliver(row, signal)
      this.#away = undefined
      this.#trouble = undefined
      this.#pauses.delete(row.place)
      telemetry.delivered({ target, outcome: 'delivered' })
      return 'ended'
    } catch (error) {
      signal.throwIfAborted()
      const isAway = error instanceof Fault && error.kind === 'unavailable'
      this.#trouble = error instanceof Fault ? tellOf(error) : String(error)
      const isTooOld = world.now() - row.at > giveUpMs
      telemetry.delivered({ target, outcome: isTooOld ? 'given-up' : 'failed' })
      const pause = this.#pauseAfter(isAway ? this.#away : this.#pauses.get(row.place))
      this.#away = isAway ? pause : undefined
      if (isAway) this.#dueAt = pause.until
      else if (isTooOld) this.#pauses.delete(row.place)
      else this.#pauses.set(row.place, pause)
      return isTooOld ? 'given-up' : 'later'
    }
  }

  #pauseAfter(former: Pause | undefined): Pause {
    const { world } = this.#parts
    const failures = (former?.failures ?? 0) + 1
    const ms = Math.min(pauseMsMax, firstPauseMs * 2 ** Math.min(failures - 1, 20))
    return { failures, until: world.monotonic() + ms * (0.5 + world.random() / 2) }
  }

  /** What is delivered and not recorded is delivered again: at least once. */
  async #record({
    ended,
    givenUp,
  }: {
    readonly ended: readonly DeliveryId[]
    readonly givenUp: readonly DeliveryId[]
  }): Promise<void> {
    const changes: DeliveryChange[] = []
    if (ended.length > 0) changes.push({ kind: 'delivery/ended', deliveries: ended })
    if (givenUp.length > 0) changes.push({ kind: 'delivery/given-up', deliveries: givenUp })
    if (changes.length === 0) return
    await this.#parts.changelog.commit(async (tx) => {
      for (const change of changes) await tx.record(change)
    })
  }
}

function tellOf({ code, detail }: Fault): string {
  return String(detail['reason'] ?? code)
}
