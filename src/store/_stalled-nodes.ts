/** Which nodes have left reads unanswered: who hangs is not asked again before it has answered, or everybody's memory would wait with it. */
import type { NodeNumber } from '#cluster/node'

/** One may be an outlier. */
const overdueMax = 2

export class StalledNodes {
  readonly #overdue = new Map<NodeNumber, number>()

  /** A read that nobody waits for any more, until it settles. */
  add(node: NodeNumber, read: Promise<unknown>): void {
    this.#overdue.set(node, this.#count(node) + 1)
    const end = (): void => void this.#overdue.set(node, this.#count(node) - 1)
    read.then(end, end)
  }

  has(node: NodeNumber): boolean {
    return this.#count(node) >= overdueMax
  }

  #count(node: NodeNumber): number {
    return this.#overdue.get(node) ?? 0
  }
}
