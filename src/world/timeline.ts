/** A queue of moments, earliest first; moments of one time come in the order of their `tie`. A binary heap. */

export interface Moment {
  readonly at: number
  /** Drawn by the owner: what decides between moments of the same time. */
  readonly tie: number
  /** Cleared by whoever no longer wants the moment; the queue then drops it when it comes up. */
  wake: (() => void) | undefined
}

export class Timeline {
  readonly #heap: Moment[] = []

  add(moment: Moment): void {
    const heap = this.#heap
    let index = heap.push(moment) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(moment, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = moment
  }

  /** Takes out the earliest moment that somebody still waits for. */
  next(): Moment | undefined {
    for (;;) {
      const first = this.#takeFirst()
      if (first === undefined || first.wake !== undefined) return first
    }
  }

  #takeFirst(): Moment | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      const left = heap[2 * index + 1]
      if (left === undefined) break
      const right = heap[2 * index + 2]
      const isRight = right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (!isBefore(child, last)) break
      heap[index] = child
      index = 2 * index + (isRight ? 2 : 1)
    }
    heap[index] = last
    return first
  }
}

function isBefore(one: Moment, other: Moment): boolean {
  return one.at === other.at ? one.tie < other.tie : one.at < other.at
}
