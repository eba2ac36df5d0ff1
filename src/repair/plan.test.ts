import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { Epoch, EpochNode } from '#cluster/node'
import { planRepair } from '#repair/plan'
import { parseShardId } from '#shard/shard-id'
import type { ChunkRecord } from '#store/chunk-record'

function epochOf(slow: readonly number[], full: readonly number[] = []): Epoch {
  const nodes = Array.from(
    { length: 8 },
    (_, number): EpochNode => ({
      number,
      id: `node-${number}`,
      state: 'up',
      freeBytes: full.includes(number) ? 0 : 1e9,
      totalBytes: 1e9,
      isSlow: slow.includes(number),
    }),
  )
  return { version: 1, nodes }
}

/** Six columns, of which two pairs share a node. */
const chunk: ChunkRecord = {
  id: new Uint8Array(16).fill(7),
  shape: { profile: { data: 4, parity: 2 }, blockBytes: 4096, bytes: 1 },
  generation: 1,
  wrappedKey: new Uint8Array(40),
  shards: [0, 1, 0, 2, 1, 3].map((node, column) => {
    return { node, id: parseShardId(String(column).repeat(64)) }
  }),
}
const whole = () => 'whole' as const

test('whole shards that share a node are spread, to slow nodes when there are no others', () => {
  deepEqual(planRepair(epochOf([]), chunk, whole), [
    { column: 2, to: 4 },
    { column: 4, to: 5 },
  ])
  deepEqual(planRepair(epochOf([4, 5]), chunk, whole), [
    { column: 2, to: 6 },
    { column: 4, to: 7 },
  ])
  deepEqual(planRepair(epochOf([4, 5, 6, 7]), chunk, whole), [
    { column: 2, to: 4 },
    { column: 4, to: 5 },
  ])
})

test('a node that is full gets none of them', () => {
  deepEqual(planRepair(epochOf([], [4, 5, 6]), chunk, whole), [{ column: 2, to: 7 }])
})
