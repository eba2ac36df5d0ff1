/** A worker thread that is asked by calls, and its owner's end of them. Whatever it throws, or its death, is heard by who waits. */
import type { MessagePort, Transferable, Worker } from 'node:worker_threads'
import { Fault, type FaultDetail, type FaultKind } from '#fault/fault'

/** By name: what goes in, and what comes out. */
export type CallTable<Names extends string> = Readonly<
  Record<Names, readonly [input: unknown, result: unknown]>
>

interface Message {
  readonly call: number
  readonly name: string
  readonly input: unknown
}

type Answer = { readonly call: number } & (
  | { readonly state: 'done'; readonly result: unknown }
  | {
      readonly state: 'fault'
      readonly kind: FaultKind
      readonly code: string
      readonly detail: FaultDetail
    }
  | { readonly state: 'failed'; readonly error: unknown }
)

/** The memory of a message that moves with it; all other memory is copied, or shared. */
export type MovedMemory = (message: unknown) => Transferable[]

const nothing: MovedMemory = () => []

export interface CalledThreadOptions {
  /** What calls are told that a dead thread does not answer. */
  readonly stopped: (cause: unknown) => Error
  readonly moved?: MovedMemory
  /** Called after each answer, and when there will be none any more. */
  readonly onAnswer?: () => void
}

interface Caller {
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
}

/** Keeps the program alive only while a call waits. */
export class CalledThread<Calls extends CallTable<Extract<keyof Calls, string>>> {
  readonly #worker: Worker
  readonly #options: CalledThreadOptions
  readonly #moved: MovedMemory
  readonly #callers = new Map<number, Caller>()
  #calls = 0
  #stopped: Error | undefined

  /** Its worker has `answerCalls`. */
  constructor(worker: Worker, options: CalledThreadOptions) {
    this.#worker = worker
    this.#options = options
    this.#moved = options.moved ?? nothing
    worker.unref()
    worker.on('message', (answer: Answer) => this.#settle(answer))
    worker.on('error', (error) => this.#stop(error))
    worker.on('exit', () => this.#stop(undefined))
  }

  /** Calls not answered yet. */
  get pending(): number {
    return this.#callers.size
  }

  async call<Name extends Extract<keyof Calls, string>>(
    name: Name,
    input: Calls[Name][0],
  ): Promise<Calls[Name][1]> {
    if (this.#stopped !== undefined) throw this.#stopped
    const call = this.#calls
    this.#calls += 1
    return await new Promise((resolve, reject) => {
      this.#callers.set(call, { resolve, reject })
      if (this.#callers.size === 1) this.#worker.ref()
      const message: Message = { call, name, input }
      this.#worker.postMessage(message, this.#moved(input))
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #settle(answer: Answer): void {
    const caller = this.#callers.get(answer.call)
    this.#callers.delete(answer.call)
    if (this.#callers.size === 0) this.#worker.unref()
    switch (answer.state) {
      case 'done':
        caller?.resolve(answer.result as never) // the table types both sides
        break
      case 'fault':
        caller?.reject(new Fault(answer.kind, answer.code, answer.detail)) // its class is lost between threads
        break
      case 'failed':
        caller?.reject(answer.error)
    }
    this.#options.onAnswer?.()
  }

  /** A dead thread answers nothing: everything that waits for it fails, now and later. */
  #stop(cause: unknown): void {
    this.#stopped ??= this.#options.stopped(cause)
    for (const { reject } of this.#callers.values()) reject(this.#stopped)
    this.#callers.clear()
    this.#options.onAnswer?.()
  }
}

/** The worker's end: answers calls in order. */
export function answerCalls(
  port: MessagePort,
  perform: (name: never, input: never) => unknown,
  moved = nothing,
): void {
  port.on('message', ({ call, name, input }: Message) => {
    let answer: Answer
    try {
      answer = { call, state: 'done', result: perform(name as never, input as never) } // as the owner's table has them
    } catch (error) {
      answer =
        error instanceof Fault
          ? { call, state: 'fault', kind: error.kind, code: error.code, detail: error.detail }
          : { call, state: 'failed', error }
    }
    port.postMessage(answer, answer.state === 'done' ? moved(answer.result) : [])
  })
}
