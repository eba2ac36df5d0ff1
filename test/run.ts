/**
 * `npm test [-- path… --only-unit]`: every `*.test.ts` under src/ and test/, each in its own process, then types and lint.
 * The last line is `N passed, N failed`. A path names the files whose path contains it; then only these run.
 */
import { globSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { killRunning } from './runner/child.ts'
import { compileCache } from './runner/compile-cache.ts'
import { type Outcome, summaryLine, total } from './runner/outcome.ts'
import { runTestFile } from './runner/run-file.ts'
import { putToolsFirst, runTool } from './runner/run-tool.ts'

/** For two cores, which is what we promise to be quick on: of three, one waits for a disk, a clock or a program of others. */
const filesAtOnce = 3
/** The longest suites (seeds of the simulation, kill -9, real clients) stay well below this. */
const fileTimeoutMs = 600_000
const budgetMs = 15 * 60_000

/** Several checkers find the same types several times, and here other things run at the same time. */
const tsc = ['tsc', '--noEmit', '--checkers', '1', '--project'] as const

type Check = () => Promise<Outcome>

const { values: options, positionals: paths } = parseArgs({
  allowPositionals: true,
  options: {
    'only-unit': { type: 'boolean', default: false },
    summary: { type: 'string' },
  },
})

process.chdir(new URL('..', import.meta.url).pathname)
putToolsFirst(process.cwd())
process.env['NODE_COMPILE_CACHE'] ??= compileCache
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killRunning()
    process.exit(1)
  })
}

const startedAt = performance.now()
const outcomes = await runAll(checks())
report(outcomes)

function checks(): readonly Check[] {
  const files = options['only-unit']
    ? globSync('src/**/*.test.ts')
    : // test/ holds the long suites: first, so that no core idles at the end
      [...globSync('test/**/*.test.ts').sort(), ...globSync('src/**/*.test.ts').sort()]
  const chosen = files.filter(
    (file) => paths.length === 0 || paths.some((path) => file.includes(path)),
  )
  const tests = chosen.map((file) => () => runTestFile(file, { timeoutMs: fileTimeoutMs }))
  if (options['only-unit'] || paths.length > 0) return tests
  return [
    () => runTool('types', [...tsc, '.']),
    () => runTool('types in browsers', [...tsc, 'web']),
    () => runTool('types around browsers', [...tsc, 'test/web']),
    () => runTool('lint', ['biome', 'ci', '--colors=off', '--error-on-warnings', '.']),
    ...tests,
  ]
}

async function runAll(waiting: readonly Check[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  const queue = waiting.values()
  const lane = async (): Promise<void> => {
    for (const check of queue) {
      const outcome = await check()
      outcomes.push(outcome)
      console.log(progressLine(outcome))
    }
  }
  await Promise.all(Array.from({ length: filesAtOnce }, lane))
  return outcomes
}

function progressLine(outcome: Outcome): string {
  const { passed, failed, skipped } = total([outcome])
  const parts = [`${passed} passed`]
  if (failed > 0) parts.push(`${failed} FAILED`)
  if (skipped > 0) parts.push(`${skipped} skipped`)
  const mark = failed > 0 ? '✗' : '✓'
  return `${mark} ${outcome.name.padEnd(52)} ${parts.join(', ')}  ${seconds(outcome.ms)}`
}

function report(outcomes: readonly Outcome[]): void {
  for (const { name, skips } of outcomes) {
    for (const skip of skips) console.log(`\nnot run: ${name}: ${skip.name}: ${skip.text}`)
  }
  for (const { name, failures } of outcomes) {
    for (const failure of failures) {
      console.log(`\n✗ ${name}: ${failure.name}\n${failure.text.replace(/^/gm, '    ')}`)
    }
  }
  const ms = performance.now() - startedAt
  console.log(`\n${seconds(ms)}${ms > budgetMs ? `, over the budget of ${seconds(budgetMs)}` : ''}`)
  const { passed, failed } = total(outcomes)
  if (passed + failed === 0) console.log('No test ran.')
  if (failed > 0 || passed === 0) process.exitCode = 1
  if (options.summary !== undefined) writeFileSync(options.summary, `${summaryLine(outcomes)}\n`)
  console.log(summaryLine(outcomes))
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
