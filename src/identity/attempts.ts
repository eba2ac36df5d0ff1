/** Attempts to prove who one is: so many in a row are free, and each further one makes the next wait twice as long. Counted by this process, or wherever several count together. */
import type { World } from '#world/world'

/** Attempts in a row that nobody waits after. */
export const freeAttempts = 5
export const waitMsMax = 15 * 60_000
/** Names whose attempts one process counts. */
const countedMax = 10_000

export interface Attempts {
  /** Before it is known how it ends, lest many go at once. Milliseconds until there may be another; 0 when this one may go on, which is counted then. */
  begin(name: string): Promise<number>
  /** It has ended well: the next one is the first again. */
  forget(name: string): Promise<void>
}

/** Counts in this process alone. */
export class OwnAttempts implements Attempts {
  readonly #world: Pick<World, 'monotonic'>
  /** By name; when the next may be is on the monotonic clock. */
  readonly #counted = new Map<string, { count: number; nextAt: number }>()

  constructor(world: Pick<World, 'monotonic'>) {
    this.#world = world
  }

  async begin(name: string): Promise<number> {
    const now = this.#world.monotonic()
    const attempts = this.#counted.get(name) ?? { count: 0, nextAt: now }
    if (attempts.nextAt > now) return attempts.nextAt - now
    if (this.#counted.size >= countedMax) this.#counted.clear()
    this.#counted.set(name, attempts)
    attempts.count += 1
    const over = attempts.count - freeAttempts
    if (over >= 0) attempts.nextAt = now + Math.min(waitMsMax, 1000 * 2 ** over)
    return 0
  }

  async forget(name: string): Promise<void> {
    this.#counted.delete(name)
  }
}
