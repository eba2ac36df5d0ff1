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
import { engineScratchBytes } from '#chunk/_engine'
import type { HasherHandle, SealerHandle } from '#chunk/_handles'
import { Md5Turns } from '#chunk/_md5-turns'
import { SealerBesideMd5 } from '#chunk/_sealer-beside-md5'
import { type CodecThread, InlineThread, WorkerThread } from '#chunk/_threads'
import { slotBytesDefault, wholePages } from '#chunk/geometry'
import { type Slot, SlotPool } from '#chunk/slots'
import type { DigestAlgorithm } from '#crypto/digest'
import { reservedBytes } from '#erasure/codec'

export type { BodyDigests, ChunkIdentity, FinishedShard, HasherHandle, SealerHandle }

/** WebAssembly's unit of memory. */
const wasmPageBytes = 65_536

/** Nodes that may hang at once without holding everybody up: each can take all slots with it before it is known. */
const hangingMax = 4

/** A smaller body is not worth the way to another thread and back. */
const md5AsideBytesMin = 256 * 1024

export class Codec {
  readonly slots: SlotPool
  readonly #threads: readonly CodecThread[]
  readonly #md5: Md5Turns | undefined
  readonly #handles = new WeakMap<CodecThread, number>()
  #handle = 0

  /** With an `md5Thread`, which is the codec's from now on, it hashes large bodies beside the threads that seal them. */
  constructor(slots: SlotPool, threads: readonly CodecThread[], md5Thread?: CodecThread) {
    this.slots = slots
    this.#threads = threads
    this.#md5 = md5Thread && new Md5Turns(md5Thread, threads)
  }

  /** `bytes`: how long the body will be, when that is known. */
  async openSealer(
    digests: readonly DigestAlgorithm[],
    { bytes = Number.POSITIVE_INFINITY }: { readonly bytes?: number | undefined } = {},
  ): Promise<SealerHandle> {
    if (this.#md5 === undefined || !digests.includes('md5') || bytes < md5AsideBytesMin)
      return await this.#openSealer(digests)
    const others = digests.filter((algorithm) => algorithm !== 'md5')
    const sealer = await this.#openSealer(others)
    return new SealerBesideMd5(sealer, { md5: this.#md5, handle: this.#newHandle() })
  }

  async #openSealer(digests: readonly DigestAlgorithm[]): Promise<SealerHandle> {
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
    await Promise.all([...this.#threads.map((thread) => thread.close()), this.#md5?.stop()])
  }

  #pin(): { thread: CodecThread; handle: number; close: () => Promise<void> } {
    const thread = this.#threads.reduce((a, b) => (this.#load(b) < this.#load(a) ? b : a))
    this.#handles.set(thread, this.#load(thread) + 1)
    const handle = this.#newHandle()
    let isOpen = true
    const close = async (): Promise<void> => {
      if (!isOpen) return
      isOpen = false
      this.#handles.set(thread, this.#load(thread) - 1)
      await thread.call('close', { handle })
    }
    return { thread, handle, close }
  }

  #newHandle(): number {
    this.#handle += 1
    return this.#handle
  }

  #load(thread: CodecThread): number {
    return this.#handles.get(thread) ?? 0
  }

  #least(): CodecThread {
    return this.#threads.reduce((a, b) => (b.pending < a.pending ? b : a))
  }
}

export interface CodecOptions {
  /** Worker threads that seal and open, beside one for MD5; 0 runs everything inline. */
  readonly threads: number
  /** Slots of `slotBytes` each: all the memory bodies may take. Spare ones, `hangingMax` times as many, are touched only while disks hang. */
  readonly slots: number
  readonly slotBytes?: number
}

export function openCodec({ threads, slots, slotBytes = slotBytesDefault }: CodecOptions): Codec {
  assert(slots >= 1 && threads >= 0)
  const engines = threads + 1 // one for MD5, or the caller's thread alone
  const scratchBase = wholePages(reservedBytes)
  const scratchEach = wholePages(engineScratchBytes)
  const base = scratchBase + scratchEach * engines
  const spares = slots * hangingMax
  const pages = Math.ceil((base + (slots + spares) * slotBytes) / wasmPageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const pool = new SlotPool(memory, { base, slotBytes, slots, spares })
  const [first, ...more] = Array.from({ length: engines }, (_, i) => ({
    memory,
    scratch: scratchBase + i * scratchEach,
  }))
  assert(first !== undefined)
  if (more.length === 0) return new Codec(pool, [new InlineThread(first)])
  const sealing = more.map((start) => new WorkerThread(start))
  return new Codec(pool, sealing, new WorkerThread(first))
}
