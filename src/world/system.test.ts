import { deepEqual, equal, notDeepEqual, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { systemWorld } from '#world/system'

test('sleep takes at least its time, by the monotonic clock', async () => {
  const world = systemWorld()
  const startedAt = world.monotonic()
  await world.sleep(20)
  equal(world.monotonic() - startedAt >= 19, true)
})

test('an aborted sleep rejects with the reason of its signal', async () => {
  const world = systemWorld()
  const reason = new Error('enough')
  const abort = new AbortController()
  const asleep = world.sleep(60_000, { signal: abort.signal })
  abort.abort(reason)
  await rejects(asleep, reason)
  await rejects(world.sleep(0, { signal: abort.signal }), reason)
})

test('a sleep longer than a timer can count does not end at once', async () => {
  const abort = new AbortController()
  const asleep = systemWorld().sleep(2 ** 40, { signal: abort.signal })
  const isOver = await Promise.race([asleep.then(() => true), systemWorld().sleep(10)])
  equal(isOver, undefined)
  abort.abort()
  await rejects(asleep)
})

test('turns of the event loop are waited for: who was called by others meanwhile was heard', async () => {
  const { port1, port2 } = new MessageChannel()
  const heard: unknown[] = []
  port2.on('message', (message) => heard.push(message))
  port1.postMessage('one')
  await systemWorld().turns(3)
  port1.close()
  deepEqual(heard, ['one'])
})

test('random bytes differ', () => {
  const world = systemWorld()
  notDeepEqual(world.randomBytes(32), world.randomBytes(32))
})
