/** A thread of a block codec: answers the desk's calls, in order, and hands over what they made. */
import { strict as assert } from 'node:assert'
import { parentPort } from 'node:worker_threads'
import { type BlockCallName, type BlockCalls, BlockDesk } from '#content/_block-desk'
import { buffersOf } from '#content/_moved-buffers'
import { Fault, type FaultDetail, type FaultKind } from '#fault/fault'

export interface BlockMessage<Name extends BlockCallName = BlockCallName> {
  readonly call: number
  readonly name: Name
  readonly input: BlockCalls[Name][0]
}

export type BlockAnswer = { readonly call: number } & (
  | { readonly state: 'done'; readonly result: unknown }
  | {
      readonly state: 'fault'
      readonly kind: FaultKind
      readonly code: string
      readonly detail: FaultDetail
    }
  | { readonly state: 'failed'; readonly error: unknown }
)

const port = parentPort
assert(port !== null)
const desk = new BlockDesk()

port.on('message', ({ call, name, input }: BlockMessage) => {
  let answer: BlockAnswer
  try {
    answer = { call, state: 'done', result: desk.perform(name, input) }
  } catch (error) {
    answer =
      error instanceof Fault
        ? { call, state: 'fault', kind: error.kind, code: error.code, detail: error.detail }
        : { call, state: 'failed', error }
  }
  port.postMessage(answer, answer.state === 'done' ? buffersOf(answer.result) : [])
})
