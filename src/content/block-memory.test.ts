import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BlockMemory, RoomyBlocks } from '#content/block-memory'
import { ShardCoder } from '#content/shards'
import { kernelModule } from '#erasure/kernel-module'

test('whatever is taken and given back, nobody has what another has, and all of it comes back', () => {
  const memory = new BlockMemory({ coders: 2 })
  const all = 256 * 2 ** 20
  const steps = fc.record({ bytes: fc.nat({ max: 2 ** 26 }), give: fc.nat() })
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (taken) => {
      const held: Uint8Array<SharedArrayBuffer>[] = []
      for (const { bytes, give } of taken) {
        const one = memory.tryTake(bytes)
        if (one === undefined)
          memory.give(held.splice(give % Math.max(1, held.length), 1)[0] ?? none)
        else {
          equal(one.length, bytes)
          held.push(one)
        }
        const inOrder = held.toSorted((a, b) => a.byteOffset - b.byteOffset)
        for (const [index, { byteOffset, length }] of inOrder.entries())
          ok(
            byteOffset + length <=
              (inOrder[index + 1]?.byteOffset ?? memory.memory.buffer.byteLength),
          )
      }
      for (const one of held) memory.give(one)
      const whole = memory.tryTake(all)
      ok(whole, 'all of it is one again')
      memory.give(whole)
    }),
  )
})
const none = new Uint8Array(new SharedArrayBuffer(0))

test('what is given back twice, or was never taken, is nobody’s gain', () => {
  const memory = new BlockMemory({ coders: 1 })
  const one = memory.take(100)
  memory.give(one)
  memory.give(one)
  memory.give(new Uint8Array(new SharedArrayBuffer(100)))
  notEqual(memory.take(100).byteOffset, memory.take(100).byteOffset)
})

test('when there is no more, there is fresh memory', () => {
  const memory = new BlockMemory({ coders: 1 })
  const half = 128 * 2 ** 20
  for (const one of [memory.take(half), memory.take(half)]) equal(one.buffer, memory.memory.buffer)
  equal(memory.tryTake(1), undefined)
  notEqual(memory.take(1000).buffer, memory.memory.buffer)
})

test('a roomy block becomes its shards where it lies', () => {
  const memory = new BlockMemory({ coders: 1 })
  const coding = { required: 3, total: 5 }
  const blocks = new RoomyBlocks(memory, coding)
  const coder = new ShardCoder(kernelModule, { memory: memory.memory, offset: 0 })
  for (const bytes of [0, 1, 100, 1_048_576]) {
    const roomy = blocks.take(bytes)
    for (const [at] of roomy.block.entries()) roomy.block[at] = Math.imul(at, 2_654_435_761) >>> 13
    const before = Uint8Array.from(roomy.block)
    const shards = coder.splitBlock(roomy.block, coding, { room: roomy.room })
    deepEqual(shards, new ShardCoder(kernelModule).splitBlock(before, coding))
    const [first] = shards
    const places = shards.map(({ byteOffset }) => byteOffset - roomy.block.byteOffset)
    deepEqual(
      places,
      [0, 1, 2, 3, 4].map((index) => index * (first?.length ?? 0)),
    )
    ok(shards.every(({ buffer }) => buffer === memory.memory.buffer))
    blocks.give(roomy)
  }
})
