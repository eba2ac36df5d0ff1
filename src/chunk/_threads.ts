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

export class WorkerThread implements CodecThread {
  onAnswer = (): void => {}
  readonly #thread: CalledThread<Calls>

  constructor(start: WorkerStart) {
    const worker = new Worker(new URL('./_worker.ts', import.meta.url), { workerData: start })
    this.#thread = new CalledThread(worker, {
      stopped: (cause) => chunkFault('chunk/codec-stopped', {}, cause),
      onAnswer: () => this.onAnswer(),
    })
  }

  get pending(): number {
    return this.#thread.pending
  }

  call<Name extends CallName>(name: Name, input: Calls[Name][0]): Promise<Calls[Name][1]> {
    return this.#thread.call(name, input)
  }

  close(): Promise<void> {
    return this.#thread.close()
  }
}
