/** Where a codec's calls are answered: in this thread, or in worker threads that share the memory. */
import { Worker } from 'node:worker_threads'
import { type CallName, type Calls, Desk } from '#chunk/_desk'
import type { WorkerAnswer, WorkerCall, WorkerStart } from '#chunk/_worker'
import { chunkFault } from '#chunk/faults'

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

interface Caller {
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
}

export class WorkerThread implements CodecThread {
  onAnswer = (): void => {}
  readonly #worker: Worker
  readonly #callers = new Map<number, Caller>()
  #calls = 0
  #stopped: Error | undefined

  constructor(start: WorkerStart) {
    this.#worker = new Worker(new URL('./_worker.ts', import.meta.url), { workerData: start })
    this.#worker.unref()
    this.#worker.on('message', (answer: WorkerAnswer) => this.#settle(answer))
    this.#worker.on('error', (error) => this.#stop(error))
    this.#worker.on('exit', () => this.#stop(undefined))
  }

  get pending(): number {
    return this.#callers.size
  }

  async call<Name extends CallName>(name: Name, input: Calls[Name][0]): Promise<Calls[Name][1]> {
    if (this.#stopped !== undefined) throw this.#stopped
    const call = this.#calls
    this.#calls += 1
    return await new Promise((resolve, reject) => {
      this.#callers.set(call, { resolve, reject })
      if (this.#callers.size === 1) this.#worker.ref()
      const message: WorkerCall = { call, name, input }
      this.#worker.postMessage(message)
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #settle(answer: WorkerAnswer): void {
    const caller = this.#callers.get(answer.call)
    this.#callers.delete(answer.call)
    if (this.#callers.size === 0) this.#worker.unref()
    if ('error' in answer) caller?.reject(answer.error)
    else caller?.resolve(answer.result as never) // the desk's table types both sides
    this.onAnswer()
  }

  /** A dead thread answers nothing: everything that waits for it fails, now and later. */
  #stop(cause: unknown): void {
    this.#stopped ??= chunkFault('chunk/codec-stopped', {}, cause)
    for (const { reject } of this.#callers.values()) reject(this.#stopped)
    this.#callers.clear()
    this.onAnswer()
  }
}
