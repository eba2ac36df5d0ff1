/** A thread of a block codec: answers the desk's calls, in order, and hands over what they made. */
import { strict as assert } from 'node:assert'
import { parentPort } from 'node:worker_threads'
import { BlockDesk } from '#content/_block-desk'
import { buffersOf } from '#content/_moved-buffers'
import { answerCalls } from '#thread/called-thread'

assert(parentPort !== null)
const desk = new BlockDesk()
answerCalls(parentPort, (name, input) => desk.perform(name, input), buffersOf)
