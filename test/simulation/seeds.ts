/** Many seeds as tests: what `npm test` runs of the simulation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFailure, runSeed } from './run-seed.ts'

const seedsPerTest = 50

/** Seeds `from` to `to`, in tests of fifty. A seed that fails is named first, with the last lines of its story. */
export function testSeeds(from: number, to: number): void {
  for (let first = from; first <= to; first += seedsPerTest) {
    const last = Math.min(first + seedsPerTest - 1, to)
    test(`seeds ${first} to ${last}: nothing acknowledged is lost, nothing comes back, everything heals`, async () => {
      for (let seed = first; seed <= last; seed += 1) {
        const report = await runSeed(seed)
        if (report.violations.length > 0) assert.fail(describeFailure(report))
      }
    })
  }
}
