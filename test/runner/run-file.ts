/** Runs one test file in a process of its own and counts what it asserted. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChild } from './child.ts'
import type { Outcome, Remark } from './outcome.ts'
import type { TestLine } from './reporter.ts'

const reporter = new URL('./reporter.ts', import.meta.url).href
/** What Node is told before the test file. */
export const testFlags: readonly string[] = [
  '--min-semi-space-size=16', // no time for collecting what is gone with the process
  `--import=${new URL('./without-hooks.ts', import.meta.url).href}`,
]

export async function runTestFile(
  file: string,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'mycelium-test-'))
  try {
    const lines = join(directory, 'lines')
    const reporting = [`--test-reporter=${reporter}`, `--test-reporter-destination=${lines}`]
    const args = [...testFlags, ...reporting, file]
    const { output, trouble, ms } = await runChild(process.execPath, args, { timeoutMs })
    const tests = parseLines(await readFile(lines, 'utf8').catch(() => ''))
    const failures = tests.filter(({ outcome }) => outcome === 'failed')
    return {
      name: file,
      passed: tests.filter(({ outcome }) => outcome === 'passed').length,
      skips: tests.filter(({ outcome }) => outcome === 'skipped'),
      failures: withOutput([...failures, ...fileFailures(tests, trouble)], output),
      ms,
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** A killed process may leave half a last line: what it had to say before counts. */
function parseLines(text: string): readonly TestLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as TestLine) // our own reporter wrote it
}

/** What no single test reports: a file that crashed, hung, or asserts nothing. */
function fileFailures(tests: readonly TestLine[], trouble: string | undefined): readonly Remark[] {
  const name = 'the file itself'
  const ended = tests.filter(({ outcome }) => outcome !== 'started')
  if (trouble === undefined) return ended.length > 0 ? [] : [{ name, text: 'It holds no test.' }]
  if (ended.some(({ outcome }) => outcome === 'failed')) return []
  const endedNames = new Set(ended.map((test) => test.name))
  const begun = tests.filter((test) => test.outcome === 'started' && !endedNames.has(test.name))
  const last = begun.at(-1)
  const during = last === undefined ? '' : ` It had begun "${last.name}".`
  return [{ name, text: `The process ${trouble}.${during}` }]
}

/** What the process printed helps with a failure and is noise otherwise. */
function withOutput(failures: readonly Remark[], output: string): readonly Remark[] {
  const last = failures.at(-1)
  if (last === undefined || output.trim() === '') return failures
  const text = `${last.text}\n\nprinted by the process:\n${output.trimEnd()}`
  return [...failures.slice(0, -1), { name: last.name, text }]
}
