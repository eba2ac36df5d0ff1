import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { readAhead } from '#stream/read-ahead'

test('results come in order, whichever is ready first, and no more than allowed are begun', async () => {
  let underWay = 0
  let most = 0
  const release: (() => void)[] = []
  const work = async (item: number): Promise<number> => {
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise<void>((resolve) => release.push(resolve))
    underWay -= 1
    return item * 10
  }
  const taken: number[] = []
  const reading = (async () => {
    for await (const result of readAhead([1, 2, 3, 4, 5, 6], 3, work)) taken.push(result)
  })()
  while (taken.length < 6) {
    release.pop()?.() // the latest first
    await new Promise(setImmediate)
  }
  await reading
  deepEqual(taken, [10, 20, 30, 40, 50, 60])
  equal(most, 3)
})

test('a failure is thrown in its turn, and others that fail are nobody’s error', async () => {
  const taken: number[] = []
  const work = async (item: number): Promise<number> => {
    if (item >= 2) throw new Error(`item ${item}`)
    return item
  }
  await rejects(async () => {
    for await (const result of readAhead([1, 2, 3], 3, work)) taken.push(result)
  }, /item 2/)
  deepEqual(taken, [1])
})
