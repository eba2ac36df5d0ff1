/** A thread of a block codec: answers the desk's calls, in order, on the memory it shares with its owner, and hands over what it made elsewhere. */
import { strict as assert } from 'node:assert'
import { parentPort, workerData } from 'node:worker_threads'
import { type BlockCallName, BlockDesk } from '#content/_block-desk'
import { buffersOf } from '#content/_moved-buffers'
import { heard, told } from '#content/_told-bytes'
import type { CoderPlace } from '#content/shards'
import { answerCalls } from '#thread/called-thread'

assert(parentPort !== null)
const place = workerData as CoderPlace // made by `block-codec.ts` only
const desk = new BlockDesk(place)
answerCalls(
  parentPort,
  (name: BlockCallName, input: unknown) => {
    const call = heard(input, place.memory) as never // as the owner's table has it
    return told(desk.perform(name, call), place.memory)
  },
  buffersOf,
)
