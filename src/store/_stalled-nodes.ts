/** Which nodes have left reads unanswered: who hangs is not asked again before it has answered, or everybody's memory would wait with it. */
import type { NodeNumber } from '#cluster/node'
import type { World } from '#world/world'

/** One may be an outlier. */
const overdueMax = 2

export class StalledNodes {
  readonly #world: World
  /** When each unanswered read was given up (monotonic ms), oldest first. */
  readonly #overdue = new Map<NodeNumber, Set<{ readonly since: number }>>()

  /** Who wants to know when it owes none any more. */
  readonly #awaiting = new Map<NodeNumber, Set<() => void>>()

  constructor(world: World) {
    this.#world = world
  }

  /** A read that nobody waits for any more, until it settles. */
  add(node: NodeNumber, read: Promise<unknown>): void {
    const reads = this.#overdue.get(node) ?? new Set()
    this.#overdue.set(node, reads)
    const overdue = { since: this.#world.monotonic() }
    reads.add(overdue)
    const end = (): void => {
      reads.delete(overdue)
      if (this.has(node)) return
      for (const tell of this.#awaiting.get(node) ?? []) tell()
      this.#awaiting.delete(node)
    }
    read.then(end, end)
  }

  /** Whether it owes answers. On a disk that cannot keep up, all do. */
  has(node: NodeNumber): boolean {
    return (this.#overdue.get(node)?.size ?? 0) >= overdueMax
  }

  /** Resolves once it owes no answers any more; never, if the signal is aborted before. */
  async answersAgain(
    node: NodeNumber,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    if (!this.has(node)) return
    const awaiting = this.#awaiting.get(node) ?? new Set()
    this.#awaiting.set(node, awaiting)
    const { promise, resolve } = Promise.withResolvers<void>()
    if (!signal.aborted) awaiting.add(resolve)
    signal.addEventListener('abort', () => awaiting.delete(resolve), { once: true })
    await promise
  }

  /** For how long it has hung: on a busy machine all may seem to, but only who does grows old with it. 0 for one that does not. */
  ageMs(node: NodeNumber): number {
    const [oldest] = this.#overdue.get(node) ?? []
    return oldest !== undefined && this.has(node) ? this.#world.monotonic() - oldest.since : 0
  }
}
