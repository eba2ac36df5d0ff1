/** Whether a shard has a chance to fit. A courtesy that saves writing in vain; the disk itself has the last word. */
import type { NodeHome } from '#shard/_home'
import { shardFault } from '#shard/faults'

/** New shards leave this much of the disk to the log and the small files, or 1 % of a small disk. */
const reservedBytesMax = 64 * 1024 * 1024

/** How long an answer about the free space serves: what one fast disk takes in that time is about what is reserved. */
const capacityMs = 100

export interface Capacity {
  readonly totalBytes: number
  readonly freeBytes: number
}

export class FreeSpace {
  readonly #home: NodeHome
  readonly #measure: () => Promise<Capacity>
  #known: (Capacity & { readonly at: number }) | undefined

  constructor(home: NodeHome, measure: () => Promise<Capacity>) {
    this.#home = home
    this.#measure = measure
  }

  /** `shard/node-full` */
  async require(expectedBytes: number): Promise<void> {
    const now = this.#home.world.monotonic()
    if (this.#known === undefined || now - this.#known.at > capacityMs)
      this.#known = { ...(await this.#measure()), at: now }
    const { totalBytes, freeBytes } = this.#known
    const reservedBytes = Math.min(reservedBytesMax, totalBytes / 100)
    if (freeBytes - expectedBytes >= reservedBytes) return
    this.#known = undefined // look again next time: somebody may be making room
    throw shardFault('shard/node-full', { node: this.#home.node, freeBytes, expectedBytes })
  }
}
