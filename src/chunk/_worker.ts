/** A codec thread: answers the desk's calls, in order, on the memory it shares with its owner. */
import { strict as assert } from 'node:assert'
import { parentPort, workerData } from 'node:worker_threads'
import { type CallName, type Calls, Desk } from '#chunk/_desk'

export interface WorkerStart {
  readonly memory: WebAssembly.Memory
  /** Offset of the engine's own memory. */
  readonly scratch: number
}

export interface WorkerCall<Name extends CallName = CallName> {
  readonly call: number
  readonly name: Name
  readonly input: Calls[Name][0]
}

export type WorkerAnswer =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly error: unknown }

const port = parentPort
assert(port !== null)
const { memory, scratch } = workerData as WorkerStart // made by `_pool.ts` only
const desk = new Desk(memory, scratch)

port.on('message', ({ call, name, input }: WorkerCall) => {
  let answer: WorkerAnswer
  try {
    answer = { call, result: desk.perform(name, input) }
  } catch (error) {
    answer = { call, error }
  }
  port.postMessage(answer)
})
