/** `npm run simulate -- --seed N`: one seed again, told line by line. The same seed tells the same story, to the last line. */
import { parseArgs } from 'node:util'
import { runSeed } from './run-seed.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, quiet: { type: 'boolean', default: false } },
})
const seed = Number(values.seed)
console.log(`seed ${seed}`)
const startedAt = performance.now()
const report = await runSeed(seed, values.quiet ? {} : { print: (line) => console.log(line) })
const { hash, operations, simulatedMs, steps, violations } = report
for (const violation of violations) console.log(`\nVIOLATION ${violation}`)
console.log(`\nseed ${seed}: ${violations.length} violations`)
console.log(`history ${hash}`)
console.log(
  `${operations} operations, ${(simulatedMs / 60_000).toFixed(1)} simulated minutes, ${steps} steps, ${(performance.now() - startedAt).toFixed(0)} ms`,
)
if (violations.length > 0) process.exitCode = 1
