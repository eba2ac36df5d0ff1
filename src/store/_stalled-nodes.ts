/** Which nodes have left reads unanswered: who hangs is not asked again before it has answered, or everybody's memory would wait with it. */
import type { NodeNumber } from '#cluster/node'
import type { World } from '#world/world'

/** One may be an outlier. */
const overdueMax = 2

export class StalledNodes {
  readonly #world: World
  /** When each unanswered read was given up (monotonic ms), oldest first. */
  readonly #overdue = new Map<NodeNumber, Set<{ readonly since: number }>>()

  constructor(world: World) {
    this.#world = world
  }

  /** A read that nobody waits for any more, until it settles. */
  add(node: NodeNumber, read: Promise<unknown>): void {
    const reads = this.#overdue.get(node) ?? new Set()
    this.#overdue.set(node, reads)
    const overdue = { since: this.#world.monotonic() }
    reads.add(overdue)
    const end = (): void => void reads.delete(overdue)
    read.then(end, end)
  }

  has(node: NodeNumber): boolean {
    return (this.#overdue.get(node)?.size ?? 0) >= overdueMax
  }

  /** For how long it has hung: on a busy machine all may seem to, but only who does grows old with it. 0 for one that does not. */
  ageMs(node: NodeNumber): number {
    const [oldest] = this.#overdue.get(node) ?? []
    return oldest !== undefined && this.has(node) ? this.#world.monotonic() - oldest.since : 0
  }
}
