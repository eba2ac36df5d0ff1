/**
 * The only memory that object bytes live in: a bounded pool of slots in one shared WebAssembly memory. A stripe is received into a
 * slot, sealed, coded, hashed and written from there; nothing is copied between threads. Waiting for a slot is the backpressure.
 */
import { strict as assert } from 'node:assert'

export interface Slot {
  readonly index: number
  /** Where the slot starts in the memory; a multiple of 4096. */
  readonly offset: number
  /** The slot's bytes, shared with the codec's threads. */
  readonly bytes: Buffer
}

export interface SlotLayout {
  /** First byte of slot 0; below it the kernel and its scratch space live. */
  readonly base: number
  readonly slotBytes: number
  readonly slots: number
}

interface Waiter {
  readonly resolve: (slot: Slot) => void
}

export class SlotPool {
  readonly slotBytes: number
  readonly slots: number
  readonly #free: Slot[] = []
  readonly #waiters = new Set<Waiter>()

  constructor(memory: WebAssembly.Memory, { base, slotBytes, slots }: SlotLayout) {
    assert(base % 4096 === 0 && slotBytes % 4096 === 0)
    this.slotBytes = slotBytes
    this.slots = slots
    for (let index = slots - 1; index >= 0; index -= 1) {
      const offset = base + index * slotBytes
      this.#free.push({ index, offset, bytes: Buffer.from(memory.buffer, offset, slotBytes) })
    }
  }

  get free(): number {
    return this.#free.length
  }

  /** The next free slot, in order of asking. Its bytes are whatever was there before. */
  async acquire({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Slot> {
    signal?.throwIfAborted()
    const slot = this.#free.pop()
    if (slot !== undefined) return slot
    return await new Promise<Slot>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.delete(waiter)
        reject(signal?.reason)
      }
      const waiter: Waiter = {
        resolve: (freed) => {
          signal?.removeEventListener('abort', onAbort)
          resolve(freed)
        },
      }
      this.#waiters.add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Nobody may touch the slot's bytes any more, kernel writes in flight included. */
  release(slot: Slot): void {
    const [waiter] = this.#waiters
    if (waiter === undefined) {
      this.#free.push(slot)
      return
    }
    this.#waiters.delete(waiter)
    waiter.resolve(slot)
  }
}
