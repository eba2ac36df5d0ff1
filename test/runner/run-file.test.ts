/** The runner itself: a file that has gone wrong has failed, however it went wrong, and one can see what it was. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runTestFile } from './run-file.ts'

const folder = await mkdtemp(join(tmpdir(), 'mycelium-runner-'))
after(() => rm(folder, { recursive: true, force: true }))

delete process.env['NODE_TEST_CONTEXT'] // under `node --test`, the files of these tests would report to it

/** A file of one test that passes, and what it does beside. */
async function outcomeOf(name: string, more: string) {
  const file = join(folder, `${name}.test.mjs`)
  const head = `import { test } from 'node:test'
    import { setTimeout } from 'node:timers/promises'
    import { Worker } from 'node:worker_threads'
    test('passes', () => setTimeout(1))\n`
  await writeFile(file, head + more)
  return await runTestFile(file, { timeoutMs: 60_000 })
}

test('a file whose tests pass has passed', async () => {
  const { passed, failures, skips } = await outcomeOf('good', '')
  deepEqual({ passed, failures, skips }, { passed: 1, failures: [], skips: [] })
})

for (const [name, more] of Object.entries({
  'a test that throws': "test('fails', () => { throw new Error('found it') })",
  'a rejection that nobody handles, in a test':
    "test('lets go', () => { void Promise.reject(new Error('found it')); return setTimeout(20) })",
  'a rejection that nobody handles, beside the tests': "void Promise.reject(new Error('found it'))",
  'an exception that nobody catches, in a test':
    "test('lets go', () => { setImmediate(() => { throw new Error('found it') }); return setTimeout(20) })",
  'an exception when all tests have passed':
    "process.on('beforeExit', () => { throw new Error('found it') })",
  'a worker whose promise nobody handles':
    "test('waits', () => { new Worker('Promise.reject(new Error(\"found it\"))', { eval: true }); return setTimeout(500) })",
}))
  test(`${name} fails the file`, async () => {
    const { failures } = await outcomeOf(name.replaceAll(/\W+/g, '-'), more)
    equal(failures.length, 1)
    match(failures[0]?.text ?? '', /found it/)
  })

test('what a suite sets up is there for its tests, and for those of suites within it', async () => {
  const suites = `import { after, before, describe } from 'node:test'
    const said = []
    describe('outer', () => {
      before(async () => { await setTimeout(2); said.push('outer') })
      after(() => said.push('end'))
      test('of outer', () => {})
      describe('inner', () => {
        before(() => { if (said.join() !== 'outer') throw new Error('too early: ' + said) })
        after(() => { if (said.join() !== 'outer') throw new Error('too late: ' + said) })
        test('of inner', () => {})
      })
    })
    test('of none', () => { if (said.join() !== 'outer,end') throw new Error('not in order: ' + said) })`
  const { passed, failures } = await outcomeOf('suites', suites)
  deepEqual({ passed, failures }, { passed: 4, failures: [] })
})

test('a file without tests has failed', async () => {
  const file = join(folder, 'empty.test.mjs')
  await writeFile(file, '')
  const { failures } = await runTestFile(file, { timeoutMs: 60_000 })
  equal(failures[0]?.text, 'It holds no test.')
})
