/** Whether something large has a chance to fit. A courtesy that saves writing in vain; the disk itself has the last word. */
import { diskFault } from '#disk/faults'
import type { World } from '#world/world'

/** Large things leave this much of the disk to logs and small files, or 1 % of a small disk. */
const reservedBytesMax = 64 * 1024 * 1024

/** How long an answer about the free space serves: what one fast disk takes in that time is about what is reserved. */
const capacityMs = 100

interface Capacity {
  readonly totalBytes: number
  readonly freeBytes: number
}

export class FreeSpace {
  readonly #world: Pick<World, 'monotonic'>
  readonly #measure: () => Promise<Capacity>
  #known: (Capacity & { readonly at: number }) | undefined

  constructor(world: Pick<World, 'monotonic'>, measure: () => Promise<Capacity>) {
    this.#world = world
    this.#measure = measure
  }

  /** `disk/full` */
  async require(expectedBytes: number): Promise<void> {
    const now = this.#world.monotonic()
    if (this.#known === undefined || now - this.#known.at > capacityMs)
      this.#known = { ...(await this.#measure()), at: now }
    const { totalBytes, freeBytes } = this.#known
    const reservedBytes = Math.min(reservedBytesMax, totalBytes / 100)
    if (freeBytes - expectedBytes >= reservedBytes) return
    this.#known = undefined // look again next time: somebody may be making room
    throw diskFault('disk/full', { freeBytes, expectedBytes })
  }
}
