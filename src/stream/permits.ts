/** Room for so much at a time: who comes when there is none waits, in the order of coming. */
export class Permits {
  readonly #total: number
  #free: number
  readonly #waiting: { readonly amount: number; readonly enter: () => void }[] = []

  constructor(total: number) {
    this.#total = total
    this.#free = total
  }

  /** Resolves once there is room, to what gives it back, to be called once. What is more than there is in all waits until nothing else is there. */
  async take(amount: number): Promise<() => void> {
    const taken = Math.min(amount, this.#total)
    if (this.#waiting.length > 0 || taken > this.#free)
      await new Promise<void>((enter) => this.#waiting.push({ amount: taken, enter }))
    else this.#free -= taken
    return () => this.#giveBack(taken)
  }

  #giveBack(amount: number): void {
    this.#free += amount
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined || next.amount > this.#free) return
      this.#waiting.shift()
      this.#free -= next.amount
      next.enter()
    }
  }
}
