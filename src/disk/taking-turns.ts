/** Runs works of one key one after another, works of different keys at once. */
export class TakingTurns<Key> {
  readonly #last = new Map<Key, Promise<unknown>>()

  async run<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const former = this.#last.get(key)
    const mine = former === undefined ? work() : former.then(work, work)
    this.#last.set(key, mine)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key)
    }
  }
}
