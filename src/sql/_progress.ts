import assert from 'node:assert/strict'

/** How far an open transaction is: whether it is over, whether something in it has failed, and how deep its savepoints are. The same for both databases. */
export class Progress {
  #depth = 0
  #isOver = false
  /** The first statement that failed since the innermost savepoint that still stands. */
  #failure: { readonly error: unknown } | undefined

  get isOver(): boolean {
    return this.#isOver
  }

  /** After a failed statement nothing goes on until its savepoint is undone: whatever is tried is told what has failed. */
  assertUsable(): void {
    assert(!this.#isOver, 'a transaction used after its end')
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** What the first that failed has failed of. */
  fail(error: unknown): unknown {
    this.#failure ??= { error }
    return this.#failure.error
  }

  undone(): void {
    this.#failure = undefined
  }

  end(): void {
    this.#isOver = true
  }

  /** `work` within a savepoint that was just set. Savepoints nest. */
  async within<T>(
    work: () => Promise<T>,
    { release, undo }: { release(): void; undo(): void | Promise<void> },
  ): Promise<T> {
    this.#depth += 1
    const depth = this.#depth
    try {
      const result = await work()
      this.assertUsable()
      assert(this.#depth === depth, 'savepoints nest')
      release()
      return result
    } catch (error) {
      await undo()
      throw error
    } finally {
      this.#depth = depth - 1
    }
  }
}
