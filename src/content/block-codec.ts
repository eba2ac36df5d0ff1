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
import type { BlockAnswer, BlockMessage } from '#content/_block-worker'
import { buffersOf } from '#content/_moved-buffers'
import { transferFault } from '#content/transfer-faults'
import { Fault } from '#fault/fault'

export type { Opened, Sealed } from '#content/_block-desk'

/**
 * Works in the memory that it is given, where that is shared. Takes over the memory of fetched shards, which must not be used any more, but for
 * short ones: those are copied.
 */
export class BlockCodec implements AsyncDisposable {
  readonly #threads: BlockThread[] = []
  readonly #threadsMax: number
  #isClosed = false

  /** `threads`, at least 1, are started when they are needed. */
  constructor({ threads }: { readonly threads: number }) {
    this.#threadsMax = threads
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

  #call<Name extends BlockCallName>(
    name: Name,
    input: BlockCalls[Name][0],
  ): Promise<BlockCalls[Name][1]> {
    return this.#idlest().call(name, input)
  }

  #idlest(): BlockThread {
    if (this.#isClosed) throw transferFault('content/codec-stopped')
    const [first, ...others] = this.#threads
    const idlest = others.reduce(
      (best, other) => (best !== undefined && best.pending <= other.pending ? best : other),
      first,
    )
    const isFull = this.#threads.length >= this.#threadsMax
    if (idlest !== undefined && (isFull || idlest.pending === 0)) return idlest
    const thread = new BlockThread()
    this.#threads.push(thread)
    return thread
  }
}

interface Caller {
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
}

class BlockThread {
  readonly #worker = new Worker(new URL('./_block-worker.ts', import.meta.url))
  readonly #callers = new Map<number, Caller>()
  #calls = 0
  #stopped: Error | undefined

  constructor() {
    this.#worker.unref()
    this.#worker.on('message', (answer: BlockAnswer) => this.#settle(answer))
    this.#worker.on('error', (error) => this.#stop(error))
    this.#worker.on('exit', () => this.#stop(undefined))
  }

  get pending(): number {
    return this.#callers.size
  }

  async call<Name extends BlockCallName>(
    name: Name,
    input: BlockCalls[Name][0],
  ): Promise<BlockCalls[Name][1]> {
    if (this.#stopped !== undefined) throw this.#stopped
    const call = this.#calls
    this.#calls += 1
    return await new Promise((resolve, reject) => {
      this.#callers.set(call, { resolve, reject })
      if (this.#callers.size === 1) this.#worker.ref()
      const message: BlockMessage = { call, name, input }
      this.#worker.postMessage(message, buffersOf(input))
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #settle(answer: BlockAnswer): void {
    const caller = this.#callers.get(answer.call)
    this.#callers.delete(answer.call)
    if (this.#callers.size === 0) this.#worker.unref()
    switch (answer.state) {
      case 'done':
        caller?.resolve(answer.result as never) // the desk's table types both sides
        break
      case 'fault':
        caller?.reject(new Fault(answer.kind, answer.code, answer.detail)) // its class is lost between threads
        break
      case 'failed':
        caller?.reject(answer.error)
    }
  }

  /** A dead thread answers nothing: everything that waits for it fails, now and later. */
  #stop(cause: unknown): void {
    this.#stopped ??= transferFault('content/codec-stopped', {}, cause)
    for (const { reject } of this.#callers.values()) reject(this.#stopped)
    this.#callers.clear()
  }
}
