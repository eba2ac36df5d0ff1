import { equal, notEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { BlockMemory } from '#content/block-memory'

test('what was given back is taken again, the parts of it that are asked for', () => {
  const memory = new BlockMemory({ keptMax: 2 })
  const block = memory.take(200_000)
  memory.give(block.subarray(5, 10))
  const shorter = memory.take(100_000)
  equal(shorter.buffer, block.buffer)
  equal(shorter.length, 100_000)
  notEqual(memory.take(100_000).buffer, block.buffer, 'nobody has it twice')
  memory.give(shorter)
  memory.give(shorter)
  memory.take(200_000)
  notEqual(memory.take(200_000).buffer, block.buffer, 'nor when it was given back twice')
})

test('no more is kept than was asked for, the largest first', () => {
  const memory = new BlockMemory({ keptMax: 1 })
  const [small, large] = [memory.take(70_000), memory.take(80_000)]
  for (const one of [small, large]) memory.give(one)
  memory.give(memory.take(60_000))
  equal(memory.take(80_000).buffer, large.buffer)
  notEqual(memory.take(70_000).buffer, small.buffer)
})
