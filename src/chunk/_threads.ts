/** Where a codec's calls are answered: in this thread, or in worker threads that share the memory. */
import { Worker } from 'node:worker_threads'
import { type CallName, type Calls, Desk } from '#chunk/_desk'
import type { WorkerStart } from '#chunk/_worker'
import { chunkFault } from '#chunk/faults'
import { CalledThread } from '#thread/called-thread'

/** Answers calls one after another, in the order they were made. */
export interface CodecThread {
  /** Calls not answered yet. */
  readonly pending: number
  /** Called after each answer, and when there will be none any more. */
  onAnswer: () => void
  call<Name extends CallName>(name: Name, input: Calls[Name][0]): Promise<Calls[Name][1]>
  close(): Promise<void>
}

export class InlineThread implements CodecThread {
  readonly pending = 0
  onAnswer = (): void => {}
  readonly #desk: Desk

  constructor({ memory, scratch }: WorkerStart) {
    this.#desk = new Desk(memory, scratch)
  }

  async call<Name extends CallName>(name: Name, input: Calls[Name][0]): Promise<Calls[Name][1]> {
    return this.#desk.perform(name, input)
  }

  async close(): Promise<void> {}
}

/** There from its first call on: it takes a tenth of a second of a processor, and many stores never need as many as they may have. */
export class WorkerThread implements CodecThread {
  onAnswer = (): void => {}
  readonly #start: WorkerStart
  #thread: CalledThread<Calls> | undefined
  #isClosed = false

  constructor(start: WorkerStart) {
    this.#start = start
  }

  get pending(): number {
    return this.#thread?.pending ?? 0
  }

  async call<Name extends CallName>(name: Name, input: Calls[Name][0]): Promise<Calls[Name][1]> {
    if (this.#thread === undefined && this.#isClosed) throw chunkFault('chunk/codec-stopped')
    this.#thread ??= this.#begin()
    return await this.#thread.call(name, input)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#thread?.close()
  }

  #begin(): CalledThread<Calls> {
    const workerData = this.#start
    return new CalledThread(new Worker(new URL('./_worker.ts', import.meta.url), { workerData }), {
      stopped: (cause) => chunkFault('chunk/codec-stopped', {}, cause),
      onAnswer: () => this.onAnswer(),
    })
  }
}
