interface Waiter {
  readonly amount: number
  readonly enter: () => void
}

/** Room for so much at a time: who comes when there is none waits. */
export class Permits {
  readonly #total: number
  readonly #lastFirst: boolean
  #free: number
  readonly #waiting: Waiter[] = []

  /**
   * Who waits enters in the order of coming. With `lastFirst` who came last and finds room is first: for clients, of whom those that have
   * waited for long may be gone.
   */
  constructor(total: number, { lastFirst = false }: { readonly lastFirst?: boolean } = {}) {
    this.#total = total
    this.#lastFirst = lastFirst
    this.#free = total
  }

  get taken(): number {
    return this.#total - this.#free
  }

  /**
   * Resolves once there is room, to what gives it back, to be called once. What is more than there is in all waits until nothing else is
   * there. Rejects with the signal's reason once it is aborted.
   */
  async take(
    amount: number,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<() => void> {
    signal?.throwIfAborted()
    const atOnce = this.tryTake(amount)
    if (atOnce !== undefined) return atOnce
    const needed = Math.min(amount, this.#total)
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        this.#admit() // those behind it may need less
        reject(signal?.reason)
      }
      const waiter: Waiter = {
        amount: needed,
        enter: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      this.#waiting.push(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
    return () => this.#giveBack(needed)
  }

  /** As `take`, where there is room at once; `undefined` where one would wait. */
  tryTake(amount: number): (() => void) | undefined {
    const needed = Math.min(amount, this.#total)
    const isBehind = !this.#lastFirst && this.#waiting.length > 0
    if (isBehind || needed > this.#free) return undefined
    this.#free -= needed
    return () => this.#giveBack(needed)
  }

  #giveBack(amount: number): void {
    this.#free += amount
    this.#admit()
  }

  #admit(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting.splice(this.#waiting.indexOf(next), 1)
      this.#free -= next.amount
      next.enter()
    }
  }

  /** Whose turn it is, if it is anybody's. */
  #next(): Waiter | undefined {
    if (this.#lastFirst) return this.#waiting.findLast(({ amount }) => amount <= this.#free)
    const [first] = this.#waiting
    return first !== undefined && first.amount <= this.#free ? first : undefined
  }
}
