import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { inLanes } from '#stream/lanes'

test('no more than the lanes work at once, and every item is worked on', async () => {
  let busy = 0
  let busiest = 0
  const done: number[] = []
  await inLanes([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    busy += 1
    busiest = Math.max(busiest, busy)
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
    busy -= 1
    done.push(item)
  })
  equal(busiest, 3)
  deepEqual(
    done.toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7],
  )
})

test('a failure stops the pulling and is thrown after the others have ended', async () => {
  const begun: number[] = []
  let ended = 0
  const work = async (item: number): Promise<void> => {
    begun.push(item)
    if (item === 2) throw new Error('no')
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
    ended += 1
  }
  await rejects(inLanes([1, 2, 3, 4, 5, 6, 7, 8], 2, work), /no/)
  ok(begun.length < 8)
  equal(ended, begun.length - 1)
})
