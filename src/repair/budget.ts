import type { World } from '#world/world'

export interface BudgetOptions {
  readonly bytesPerSecond: number
  readonly signal: AbortSignal
}

/** Background work at most so many bytes per second, evenly: each piece waits until the former ones are paid for. */
export class Budget {
  readonly #world: World
  readonly #options: BudgetOptions
  #freeAt: number

  constructor(world: World, options: BudgetOptions) {
    this.#world = world
    this.#options = options
    this.#freeAt = world.monotonic()
  }

  /** Rejects with the signal's reason when it is aborted first. */
  async spend(bytes: number): Promise<void> {
    const { bytesPerSecond, signal } = this.#options
    const now = this.#world.monotonic()
    if (this.#freeAt > now) await this.#world.sleep(this.#freeAt - now, { signal })
    this.#freeAt = Math.max(this.#freeAt, now) + (bytes * 1000) / bytesPerSecond
  }
}
