import { equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { endsWithin } from '#world/patience'
import { SimulatedWorld } from '#world/simulated'

test('work that comes in time is waited for, later work is not', async () => {
  const world = new SimulatedWorld('patience')
  await world.run(async () => {
    equal(await endsWithin(world, 10, world.sleep(9)), true)
    equal(world.monotonic(), 9)
    equal(await endsWithin(world, 10, world.sleep(11)), false)
    equal(world.monotonic(), 19)
    equal(await endsWithin(world, 10, Promise.resolve()), true)
    equal(world.monotonic(), 19)
  })
})

test('work that fails in time fails here, later failures are nobody’s', async () => {
  const world = new SimulatedWorld('patience')
  const failAfter = async (ms: number): Promise<never> => {
    await world.sleep(ms)
    throw new Error(`failed after ${ms}`)
  }
  await world.run(async () => {
    await rejects(endsWithin(world, 10, failAfter(5)), /failed after 5/)
    equal(await endsWithin(world, 10, failAfter(15)), false)
    await world.sleep(20) // an unhandled rejection would end the test here
  })
})
