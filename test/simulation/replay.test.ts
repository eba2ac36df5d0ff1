/** One seed is one story: told twice it is the same to the last line, whatever ran before it in the process. */
import { equal, notEqual, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runSeed } from './run-seed.ts'

const seeds = [1, 7, 10, 20]

test('two runs of a seed have the same history, and other seeds another one', async () => {
  const hashes: string[] = []
  for (const seed of seeds) hashes.push((await runSeed(seed)).hash)
  for (const [index, seed] of seeds.entries()) equal((await runSeed(seed)).hash, hashes[index])
  equal(new Set(hashes).size, seeds.length)
})

test('the command tells the same story, the seed first', async () => {
  const { hash } = await runSeed(7)
  const script = fileURLToPath(new URL('simulate.ts', import.meta.url))
  const { stdout, status } = spawnSync(process.execPath, [script, '--seed', '7'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  equal(status, 0, stdout.slice(-2_000))
  equal(stdout.split('\n')[0], 'seed 7')
  ok(stdout.includes(`history ${hash}`))
  notEqual(stdout.split('\n').length, 0)
})
