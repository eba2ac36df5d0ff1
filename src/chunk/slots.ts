/**
 * The only memory that object bytes live in: a bounded pool of slots in one shared WebAssembly memory. A stripe is received into a
 * slot, sealed, coded, hashed and written from there; nothing is copied between threads. Waiting for a slot is the backpressure.
 * Spare slots stand in for those that a hanging disk may still touch.
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
  /** Behind the others; their memory is touched only when they are needed. */
  readonly spares: number
}

interface Waiter {
  readonly resolve: (slot: Slot) => void
}

export class SlotPool {
  readonly slotBytes: number
  readonly slots: number
  readonly #free: Slot[]
  readonly #spares: Slot[]
  readonly #waiters = new Set<Waiter>()
  /** Slots that a disk may still touch, and that no spare stands in for yet. */
  #owed = 0

  constructor(memory: WebAssembly.Memory, { base, slotBytes, slots, spares }: SlotLayout) {
    assert(base % 4096 === 0 && slotBytes % 4096 === 0)
    this.slotBytes = slotBytes
    this.slots = slots
    const all = Array.from({ length: slots + spares }, (_, index): Slot => {
      const offset = base + index * slotBytes
      return { index, offset, bytes: Buffer.from(memory.buffer, offset, slotBytes) }
    })
    this.#free = all.slice(0, slots).reverse()
    this.#spares = all.slice(slots)
  }

  get free(): number {
    return this.#free.length + Math.min(this.#owed, this.#spares.length)
  }

  /** The next free slot, in order of asking. Its bytes are whatever was there before. */
  async acquire({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Slot> {
    signal?.throwIfAborted()
    const slot = this.#free.pop() ?? this.#standIn()
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

  /** The slot is free when `settled` is: a disk may still touch it. Until then a spare one takes its place, as soon as one is needed, while there are any. */
  releaseWhen(slot: Slot, settled: Promise<unknown>): void {
    this.#owed += 1
    const spare = this.#waiters.size > 0 ? this.#standIn() : undefined
    if (spare !== undefined) this.release(spare)
    const giveBack = (): void => {
      if (this.#owed === 0) {
        this.#spares.push(slot)
        return
      }
      this.#owed -= 1
      this.release(slot)
    }
    settled.then(giveBack, giveBack)
  }

  #standIn(): Slot | undefined {
    const spare = this.#owed > 0 ? this.#spares.pop() : undefined
    if (spare !== undefined) this.#owed -= 1
    return spare
  }
}
