/** Blocks to shards and back, in threads beside the one that speaks to backends: hashing and sealing take as long as sending. */
import { Worker } from 'node:worker_threads'
import type {
  BlockCallName,
  BlockCalls,
  OpenCall,
  Opened,
  RebuildCall,
  SealCall,
  Sealed,
} from '#content/_block-desk'
import { buffersOf } from '#content/_moved-buffers'
import { heard, told } from '#content/_told-bytes'
import type { BlockMemory } from '#content/block-memory'
import { type CoderPlace, coderBytes } from '#content/shards'
import { transferFault } from '#content/transfer-faults'
import { CalledThread } from '#thread/called-thread'

export type { Opened, Sealed } from '#content/_block-desk'

/** As threads have them, which tell each other where bytes are. */
type ToldCalls = Readonly<Record<BlockCallName, readonly [unknown, unknown]>>

/**
 * Works on what lies in the block memory where it lies. Takes over other memory of fetched shards, which must not be used any more, but for short
 * ones: those are copied.
 */
export class BlockCodec implements AsyncDisposable {
  readonly #threads: CalledThread<ToldCalls>[] = []
  readonly #memory: BlockMemory
  #isClosed = false

  /** A thread for each coder that the memory has room for; they are started when they are needed. */
  constructor(memory: BlockMemory) {
    this.#memory = memory
  }

  /** Starts the first thread before it is needed: that takes as long as its owner takes to get ready. */
  start(): void {
    if (this.#threads.length === 0) this.#startThread()
  }

  async seal(call: SealCall): Promise<Sealed> {
    return await this.#call('seal', call)
  }

  /**
   * `content/too-few-shards`; `content/hash-differs` when the first shards that are there do not give the block and more might: their memory
   * is lost then, as always; `content/damaged-shards` when all of them do not; `content/not-authentic`
   */
  async open(call: OpenCall): Promise<Opened> {
    return await this.#call('open', call)
  }

  /** The shards `wanted`, from others. Faults as of `open`. */
  async rebuild(call: RebuildCall): Promise<readonly Uint8Array[]> {
    return await this.#call('rebuild', call)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }

  async #call<Name extends BlockCallName>(
    name: Name,
    input: BlockCalls[Name][0],
  ): Promise<BlockCalls[Name][1]> {
    const { memory } = this.#memory
    const answer = await this.#idlest().call(name, told(input, memory))
    return heard(answer, memory) as BlockCalls[Name][1] // by its name
  }

  #idlest(): CalledThread<ToldCalls> {
    if (this.#isClosed) throw transferFault('content/codec-stopped')
    const [first, ...others] = this.#threads
    const idlest = others.reduce(
      (best, other) => (best !== undefined && best.pending <= other.pending ? best : other),
      first,
    )
    const isFull = this.#threads.length >= this.#memory.coders
    if (idlest !== undefined && (isFull || idlest.pending === 0)) return idlest
    return this.#startThread()
  }

  #startThread(): CalledThread<ToldCalls> {
    const { memory } = this.#memory
    const thread = startThread({ memory, offset: this.#threads.length * coderBytes })
    this.#threads.push(thread)
    return thread
  }
}

function startThread(place: CoderPlace): CalledThread<ToldCalls> {
  const worker = new Worker(new URL('./_block-worker.ts', import.meta.url), { workerData: place })
  const stopped = (cause: unknown): Error => transferFault('content/codec-stopped', {}, cause)
  return new CalledThread(worker, { stopped, moved: buffersOf })
}
