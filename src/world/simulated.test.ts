import { deepEqual, equal, notDeepEqual, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { SimulatedWorld } from '#world/simulated'

test('a day of sleep passes in no time, and both clocks show it', async () => {
  const world = new SimulatedWorld(1)
  const before = world.now()
  const result = await world.run(async () => {
    for (let hour = 0; hour < 24; hour += 1) await world.sleep(3_600_000)
    return 'done'
  })
  equal(result, 'done')
  equal(world.monotonic(), 86_400_000)
  equal(world.now() - before, 86_400_000)
})

test('sleepers wake in the order of their times', async () => {
  const world = new SimulatedWorld(1)
  const woken: number[] = []
  await world.run(() =>
    Promise.all(
      [50, 10, 30, 20, 40, 0].map(async (ms) => {
        await world.sleep(ms)
        woken.push(ms)
      }),
    ),
  )
  deepEqual(woken, [0, 10, 20, 30, 40, 50])
})

test('the seed decides between sleepers of one moment, always the same way', async () => {
  const orders = await Promise.all([1, 1, 2, 3, 4].map(wakeTogether))
  deepEqual(orders[0], orders[1])
  equal(new Set(orders.map(String)).size > 1, true)
})

async function wakeTogether(seed: number): Promise<number[]> {
  const world = new SimulatedWorld(seed)
  const woken: number[] = []
  await world.run(() =>
    Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        await world.sleep(5)
        woken.push(index)
      }),
    ),
  )
  return woken
}

test('a fork has its own chance, which the draws of others do not shift', () => {
  const calm = new SimulatedWorld('seed')
  const busy = new SimulatedWorld('seed')
  for (let draw = 0; draw < 100; draw += 1) busy.random()
  busy.fork('other').randomBytes(1000)
  deepEqual(busy.fork('disk').randomBytes(40), calm.fork('disk').randomBytes(40))
  notDeepEqual(calm.fork('disk').randomBytes(40), calm.fork('node').randomBytes(40))
})

test('a fork shares time, but its wall clock jumps alone', async () => {
  const world = new SimulatedWorld(7)
  const fork = world.fork('skewed')
  fork.jump(-3_600_000)
  await world.run(() => fork.sleep(10))
  equal(world.monotonic(), 10)
  equal(fork.monotonic(), 10)
  equal(fork.now(), world.now() - 3_600_000)
})

test('an aborted sleep rejects with the reason and is never woken', async () => {
  const world = new SimulatedWorld(1)
  const reason = new Error('enough')
  const abort = new AbortController()
  await world.run(async () => {
    const asleep = world.sleep(1000, { signal: abort.signal })
    await world.sleep(5)
    abort.abort(reason)
    await rejects(asleep, reason)
    await rejects(world.sleep(1, { signal: abort.signal }), reason)
  })
  equal(world.monotonic(), 5)
})

test('a task that nobody can wake is a deadlock, not a hang', async () => {
  const world = new SimulatedWorld(3)
  await rejects(
    world.run(() => new Promise(() => {})),
    (error) => isFault(error, 'world/deadlock'),
  )
})

test('the failure of a task is the failure of the run, and the world goes on', async () => {
  const world = new SimulatedWorld(3)
  const failure = new Error('no')
  await rejects(
    world.run(async () => {
      await world.sleep(1)
      throw failure
    }),
    failure,
  )
  await world.run(() => world.sleep(1))
  equal(world.monotonic(), 2)
})

test('random numbers look uniform', () => {
  const world = new SimulatedWorld('uniform')
  const counts = new Uint32Array(16)
  for (let draw = 0; draw < 16_000; draw += 1) {
    const cell = Math.floor(world.random() * 16)
    counts[cell] = (counts[cell] ?? 0) + 1
  }
  for (const count of counts) equal(Math.abs(count - 1000) < 150, true, String(counts))
})
