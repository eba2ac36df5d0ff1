/**
 * Plain memory beside the slots: parts of stripes lie here while slots are scarce and a client is slow. Bounded, as the slots are: whoever
 * needs more than there is waits, or does with less.
 */
import { strict as assert } from 'node:assert'

interface Waiter {
  readonly bytes: number
  readonly resolve: () => void
}

export class Overflow {
  readonly #bytes: number
  readonly #waiters = new Set<Waiter>()
  #taken = 0

  /** Room for `bytes` bytes, and for one more of whatever size when nothing else is there: so that any single one fits. */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  get taken(): number {
    return this.#taken
  }

  /** Whether there was room at once. */
  tryTake(bytes: number): boolean {
    if (!this.#fits(bytes)) return false
    this.#taken += bytes
    return true
  }

  /**
   * Room for all that a holder will need until it gives back: holders of parts could wait for each other for ever. Who asked last is first:
   * its client is there, where those of others who have waited for long may be gone.
   */
  async take(bytes: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted()
    if (this.tryTake(bytes)) return
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.delete(waiter)
        reject(signal.reason)
      }
      const waiter: Waiter = {
        bytes,
        resolve: () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      this.#waiters.add(waiter)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  give(bytes: number): void {
    this.#taken -= bytes
    assert(this.#taken >= 0)
    this.#admit()
  }

  #fits(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#bytes
  }

  #admit(): void {
    for (const waiter of [...this.#waiters].reverse()) {
      if (!this.#fits(waiter.bytes)) continue
      this.#waiters.delete(waiter)
      this.#taken += waiter.bytes
      waiter.resolve()
    }
  }
}
