import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inLanes } from '#stream/lanes'
import { split } from '#stream/split'

async function* pieces(cuts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* cuts
}

test('split keeps every byte in order, whatever the cuts', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.integer({ min: 1, max: 17 }),
      async (cuts, bytes) => {
        const sizeOf = (index: number): number => bytes + index
        const found = await Array.fromAsync(split(pieces(cuts), sizeOf))
        deepEqual(Buffer.concat(found), Buffer.concat(cuts))
        for (const [index, piece] of found.entries()) {
          const isLast = index === found.length - 1
          ok(isLast ? piece.length > 0 : piece.length === sizeOf(index))
        }
      },
    ),
  ))

test('no more than the lanes work at once, and every item is worked on', async () => {
  let busy = 0
  let busiest = 0
  const done: number[] = []
  await inLanes([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    busy += 1
    busiest = Math.max(busiest, busy)
    await Promise.resolve()
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
