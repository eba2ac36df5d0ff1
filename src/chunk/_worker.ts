/** A codec thread: answers the desk's calls, in order, on the memory it shares with its owner. */
import { strict as assert } from 'node:assert'
import { parentPort, workerData } from 'node:worker_threads'
import { Desk } from '#chunk/_desk'
import { answerCalls } from '#thread/called-thread'

export interface WorkerStart {
  readonly memory: WebAssembly.Memory
  /** Offset of the engine's own memory. */
  readonly scratch: number
}

assert(parentPort !== null)
const { memory, scratch } = workerData as WorkerStart // made by `_pool.ts` only
const desk = new Desk(memory, scratch)
answerCalls(parentPort, (name, input) => desk.perform(name, input))
