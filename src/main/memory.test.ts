import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { slotsInMemory } from '#main/memory'

test('small machines and containers have fewer slots, and never so few that nothing goes on', () => {
  const megabytes = [64, 256, 300, 400, 512, 24_000]
  deepEqual(
    megabytes.map((count) => slotsInMemory(count * 1_000_000)),
    [8, 8, 10, 17, 24, 24],
  )
})
