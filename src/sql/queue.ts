/** Runs one task at a time, in order of arrival. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  get isIdle(): boolean {
    return this.#waiting === 0
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    this.#waiting += 1
    const result = this.#last.then(task)
    this.#last = result.then(this.#settled, this.#settled)
    return result
  }

  readonly #settled = (): void => {
    this.#waiting -= 1
  }
}
