import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { type Backend, patient } from '#content/backend'
import { isFault } from '#fault/fault'
import { redisFault } from '#redis/faults'
import { SimulatedWorld } from '#world/simulated'

const key = new Uint8Array(16)

/** Fails as it is told, and counts. */
function flaky(failures: readonly ('unavailable' | 'denied' | undefined)[]) {
  const calls = { count: 0 }
  const answer = async <Value>(value: Value): Promise<Value> => {
    const failure = failures[calls.count]
    calls.count += 1
    if (failure === undefined) return value
    throw redisFault(`redis/${failure}`, { reason: `failure ${calls.count}` })
  }
  const backend: Backend = {
    name: 'flaky',
    get: () => answer(undefined),
    put: () => answer(undefined),
    has: () => answer(true),
    remove: () => answer(true),
  }
  return { backend, calls }
}

const within = (work: (world: SimulatedWorld) => Promise<void>) => async (): Promise<void> => {
  const world = new SimulatedWorld(1)
  await world.run(() => work(world))
}

test(
  'what may pass is tried again, what may not is told at once',
  within(async (world) => {
    const { signal } = new AbortController()
    const passing = flaky(['unavailable', 'unavailable', undefined])
    equal(await patient(passing.backend, { attempts: 3, world, signal }).has(key), true)
    equal(passing.calls.count, 3)
    const refusing = flaky(['denied'])
    await rejects(patient(refusing.backend, { attempts: 3, world, signal }).has(key), (error) =>
      isFault(error, 'redis/denied'),
    )
    equal(refusing.calls.count, 1)
  }),
)

test(
  'who has failed several times is left alone for a while, and then gets one attempt at a time',
  within(async (world) => {
    const { signal } = new AbortController()
    const away = flaky(['unavailable', 'unavailable', 'unavailable', undefined])
    const backend = patient(away.backend, { attempts: 2, world, signal })
    const failure = async (): Promise<unknown> =>
      await backend.has(key).catch((error) => error.detail.reason)
    deepEqual([await failure(), await failure(), away.calls.count], ['failure 2', 'failure 2', 2])
    await world.sleep(15_001)
    deepEqual([await failure(), away.calls.count], ['failure 3', 3])
    await world.sleep(15_001)
    equal(await backend.has(key), true)
  }),
)

/** Says nothing for half a minute each time, and counts. */
function silent(world: SimulatedWorld) {
  const calls = { count: 0 }
  const has = async (): Promise<boolean> => {
    calls.count += 1
    await world.sleep(30_000)
    throw redisFault('redis/timeout', { reason: `silence ${calls.count}` })
  }
  const backend: Backend = { ...flaky([]).backend, has }
  return { backend, calls }
}

test(
  'who has kept silent for half a minute is not waited for again at once',
  within(async (world) => {
    const { signal } = new AbortController()
    const { backend, calls } = silent(world)
    const begunAt = world.monotonic()
    await rejects(patient(backend, { attempts: 4, world, signal }).has(key), (error) =>
      isFault(error, 'redis/timeout'),
    )
    deepEqual([calls.count, world.monotonic() - begunAt], [1, 30_000])
  }),
)

test(
  'while one tries whether it is back, the others do not wait for it',
  within(async (world) => {
    const { signal } = new AbortController()
    const { backend, calls } = silent(world)
    const asked = patient(backend, { attempts: 1, world, signal })
    const failure = async (): Promise<unknown> =>
      await asked.has(key).catch((error) => error.detail.reason)
    equal(await failure(), 'silence 1')
    await world.sleep(15_001)
    const trying = failure()
    const begunAt = world.monotonic()
    deepEqual([await failure(), await failure()], ['silence 1', 'silence 1'])
    deepEqual([calls.count, world.monotonic() - begunAt], [2, 0])
    equal(await trying, 'silence 2')
  }),
)

test('nobody waits for a backend that says nothing once the signal is aborted', async () => {
  const stop = new AbortController()
  const silent: Backend = { ...flaky([]).backend, has: () => new Promise(() => {}) }
  const world = new SimulatedWorld(1)
  const asking = patient(silent, { attempts: 2, world, signal: stop.signal }).has(key)
  stop.abort(new Error('stop'))
  await rejects(asking, /stop/)
})
