/**
 * The codec: plaintext ⇄ sealed, coded, hashed stripes, in slots of shared WebAssembly memory. With `threads: 0` everything runs in the
 * caller's thread and is deterministic (simulation); otherwise in worker threads, so that the main thread stays free.
 */
import { strict as assert } from 'node:assert'
import type { BodyDigests } from '#chunk/_desk'
import type {
  CheckBlocks,
  ChunkIdentity,
  FinishedShard,
  OpenBlocks,
  RebuildBlocks,
} from '#chunk/_engine'
import { type CodecThread, InlineThread, WorkerThread } from '#chunk/_threads'
import { slotBytesDefault, wholePages } from '#chunk/geometry'
import { type Slot, SlotPool } from '#chunk/slots'
import type { DigestAlgorithm } from '#crypto/digest'
import { reservedBytes, scratchBytes } from '#erasure/codec'

export type { BodyDigests, ChunkIdentity, FinishedShard }

/** WebAssembly's unit of memory. */
const wasmPageBytes = 65_536

/** Seals one body, stripe after stripe, chunk after chunk. Calls are answered in order; close it when done or given up. */
export interface SealerHandle {
  beginChunk(identity: ChunkIdentity, key: Uint8Array): Promise<void>
  /** Stored bytes per block; the slot then holds data and parity columns, each padded with zeros to a page. */
  sealStripe(slot: Slot, bytes: number): Promise<number>
  endChunk(): Promise<readonly FinishedShard[]>
  digests(): Promise<BodyDigests>
  close(): Promise<void>
}

/** Hashes rebuilt columns into the footers and ids they had. */
export interface HasherHandle {
  absorb(slot: Slot, bytes: number): Promise<void>
  finish(chunkBytes: number): Promise<readonly FinishedShard[]>
  close(): Promise<void>
}

export class Codec {
  readonly slots: SlotPool
  readonly #threads: readonly CodecThread[]
  readonly #handles = new WeakMap<CodecThread, number>()
  #handle = 0

  constructor(slots: SlotPool, threads: readonly CodecThread[]) {
    this.slots = slots
    this.#threads = threads
  }

  async openSealer(digests: readonly DigestAlgorithm[]): Promise<SealerHandle> {
    const { thread, handle, close } = this.#pin()
    await thread.call('openSealer', { handle, digests })
    return {
      beginChunk: (identity, key) => thread.call('beginChunk', { handle, identity, key }),
      sealStripe: (slot, bytes) => thread.call('sealStripe', { handle, slot: slot.offset, bytes }),
      endChunk: () => thread.call('endChunk', { handle }),
      digests: () => thread.call('digests', { handle }),
      close,
    }
  }

  async openHasher(identity: ChunkIdentity, columns: readonly number[]): Promise<HasherHandle> {
    const { thread, handle, close } = this.#pin()
    await thread.call('openHasher', { handle, identity, columns })
    return {
      absorb: (slot, bytes) => thread.call('absorb', { handle, slot: slot.offset, bytes }),
      finish: (chunkBytes) => thread.call('finish', { handle, chunkBytes }),
      close,
    }
  }

  /** Turns sealed blocks into plaintext where they lie; returns the columns that are not authentic (their bytes are then unusable). */
  openBlocks(slot: Slot, job: OpenBlocks): Promise<readonly number[]> {
    return this.#least().call('openBlocks', { slot: slot.offset, job })
  }

  /** The columns whose stored block does not match its digest. */
  checkBlocks(slot: Slot, job: CheckBlocks): Promise<readonly number[]> {
    return this.#least().call('checkBlocks', { slot: slot.offset, job })
  }

  /** Computes lost columns from any k present, verified ones. */
  rebuildBlocks(slot: Slot, job: RebuildBlocks): Promise<void> {
    return this.#least().call('rebuildBlocks', { slot: slot.offset, job })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }

  #pin(): { thread: CodecThread; handle: number; close: () => Promise<void> } {
    const thread = this.#threads.reduce((a, b) => (this.#load(b) < this.#load(a) ? b : a))
    this.#handles.set(thread, this.#load(thread) + 1)
    const handle = this.#handle
    this.#handle += 1
    let isOpen = true
    const close = async (): Promise<void> => {
      if (!isOpen) return
      isOpen = false
      this.#handles.set(thread, this.#load(thread) - 1)
      await thread.call('close', { handle })
    }
    return { thread, handle, close }
  }

  #load(thread: CodecThread): number {
    return this.#handles.get(thread) ?? 0
  }

  #least(): CodecThread {
    return this.#threads.reduce((a, b) => (b.pending < a.pending ? b : a))
  }
}

export interface CodecOptions {
  /** Worker threads; 0 runs inline. */
  readonly threads: number
  /** Slots of `slotBytes` each: all the memory bodies may take. */
  readonly slots: number
  readonly slotBytes?: number
}

export function openCodec({ threads, slots, slotBytes = slotBytesDefault }: CodecOptions): Codec {
  assert(slots >= 1 && threads >= 0)
  const threadCount = Math.max(threads, 1)
  const scratchBase = wholePages(reservedBytes)
  const scratchEach = wholePages(scratchBytes)
  const base = scratchBase + scratchEach * threadCount
  const pages = Math.ceil((base + slots * slotBytes) / wasmPageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const starts = Array.from({ length: threadCount }, (_, i) => ({
    memory,
    scratch: { offset: scratchBase + i * scratchEach, bytes: scratchEach },
  }))
  const opened = starts.map((start) =>
    threads === 0 ? new InlineThread(start) : new WorkerThread(start),
  )
  return new Codec(new SlotPool(memory, { base, slotBytes, slots }), opened)
}
