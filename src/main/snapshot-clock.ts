/**
 * When a snapshot is due: after so much time in which something changed, after so many changes, soon after a node was lost, because the change
 * log's newest frames then lie on one node fewer while a snapshot's pointer lies on all, and when new frames lie on more nodes than former ones.
 */

/** A rebuild replays at most about this many changes behind the snapshot. */
const changesMax = 200_000
/** How long after the loss of a node, so that one snapshot serves several nodes that go together. */
const afterLossMs = 10_000

export class SnapshotClock {
  readonly #everyMs: number
  readonly #monotonic: () => number
  readonly #committed: () => bigint
  readonly #copies: () => number
  #copiesThen: number
  #takenAt: number
  #upTo: bigint
  #lossAt: number | undefined

  constructor({
    everyMs,
    monotonic,
    committed,
    copies,
  }: {
    readonly everyMs: number
    readonly monotonic: () => number
    /** Sequence of the newest change. */
    readonly committed: () => bigint
    /** On how many nodes new frames of the log are. */
    readonly copies: () => number
  }) {
    this.#everyMs = everyMs
    this.#monotonic = monotonic
    this.#committed = committed
    this.#copies = copies
    this.#copiesThen = copies()
    this.#takenAt = monotonic()
    this.#upTo = committed()
  }

  nodeLost(): void {
    this.#lossAt = this.#monotonic()
  }

  isDue(): boolean {
    const changes = this.#committed() - this.#upTo
    const now = this.#monotonic()
    if (this.#lossAt !== undefined && now - this.#lossAt >= afterLossMs) return true
    if (changes >= BigInt(changesMax) || this.#copies() > this.#copiesThen) return true
    return changes > 0n && now - this.#takenAt >= this.#everyMs
  }

  /**
   * One is begun. Call what is returned when it is taken, with the number of changes that taking it recorded. What others record from now
   * on, and nodes that are lost from now on, are the next one's.
   */
  begin(): (recorded: number) => void {
    const lossAt = this.#lossAt
    const committed = this.#committed()
    const copies = this.#copies()
    return (recorded) => {
      this.#takenAt = this.#monotonic()
      this.#copiesThen = copies
      this.#upTo = committed + BigInt(recorded)
      if (this.#lossAt === lossAt) this.#lossAt = undefined
    }
  }
}
