import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { Overflow } from '#chunk/overflow'

const { signal } = new AbortController()

/** Lets whoever can go on do so. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('what fits is there at once, and what does not waits until something is given back', async () => {
  const overflow = new Overflow(10)
  await overflow.take(6, { signal })
  equal(overflow.tryTake(5), false)
  equal(overflow.tryTake(4), true)
  equal(overflow.taken, 10)
  let isThere = false
  const waiting = overflow.take(5, { signal }).then(() => {
    isThere = true
  })
  await turn()
  equal(isThere, false)
  overflow.give(4)
  await turn()
  equal(isThere, false, 'too little was given back')
  overflow.give(6)
  await waiting
  equal(overflow.taken, 5)
})

test('who asked last is first, and who needs less than is there does not wait for those who need more', async () => {
  const overflow = new Overflow(10)
  await overflow.take(10, { signal })
  const order: string[] = []
  const ask = (name: string, bytes: number): Promise<void> =>
    overflow.take(bytes, { signal }).then(() => void order.push(name))
  const asked = [ask('first', 4), ask('large', 9), ask('last', 4)]
  overflow.give(10)
  await turn()
  deepEqual(order, ['last', 'first'])
  overflow.give(8)
  await Promise.all(asked)
  deepEqual(order, ['last', 'first', 'large'])
})

test('any single one fits', async () => {
  const overflow = new Overflow(10)
  await overflow.take(25, { signal })
  equal(overflow.tryTake(1), false)
  overflow.give(25)
  equal(overflow.tryTake(1), true)
})

test('who is aborted waits no longer, and takes nothing', async () => {
  const overflow = new Overflow(10)
  await overflow.take(10, { signal })
  const aborted = new AbortController()
  const waiting = overflow.take(5, { signal: aborted.signal })
  aborted.abort(new Error('gone'))
  await rejects(waiting, /gone/)
  overflow.give(10)
  equal(overflow.taken, 0)
  await rejects(overflow.take(1, { signal: aborted.signal }), /gone/)
  equal(overflow.taken, 0)
})
