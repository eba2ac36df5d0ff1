import { equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Budget } from '#repair/budget'
import { SimulatedWorld } from '#world/simulated'

const { signal } = new AbortController()

test('in any time, no more is spent than the rate allows, but for the last piece', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 10_000_000 }), { maxLength: 30 }),
      fc.integer({ min: 1_000, max: 100_000_000 }),
      async (pieces, bytesPerSecond) => {
        const world = new SimulatedWorld(1)
        const budget = new Budget(world, { bytesPerSecond, signal })
        let spent = 0
        await world.run(async () => {
          for (const bytes of pieces) {
            await budget.spend(bytes)
            const allowed = (world.monotonic() / 1000) * bytesPerSecond
            ok(spent <= allowed + 1, `${spent} bytes in ${world.monotonic()} ms`)
            spent += bytes
          }
        })
        const idealMs = ((spent - (pieces.at(-1) ?? 0)) * 1000) / bytesPerSecond
        ok(world.monotonic() <= idealMs + 1, 'and no time is wasted')
      },
    ),
  ))

test('an abort ends the wait', async () => {
  const world = new SimulatedWorld(1)
  const stop = new AbortController()
  const budget = new Budget(world, { bytesPerSecond: 1, signal: stop.signal })
  await world.run(async () => {
    await budget.spend(1_000_000)
    const waiting = budget.spend(1)
    await world.sleep(10)
    stop.abort(new Error('enough'))
    await rejects(waiting, /enough/)
  })
  equal(world.monotonic(), 10)
})
