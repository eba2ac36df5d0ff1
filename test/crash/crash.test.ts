/** kill -9 where it hurts most: what was acknowledged holds, and what was under way happened wholly or not at all. */
import { deepEqual, ok } from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { crashPoints, libraryCrashPoints } from './points.ts'
import { type CrashResult, planCrashes, runCrashes } from './run-crashes.ts'

const root = new URL('../../', import.meta.url).pathname

test('every crash point of the program is in the campaign, and in the operator’s page', () => {
  const passed = globSync('src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] }).flatMap((path) =>
    [...readFileSync(root + path, 'utf8').matchAll(/(?:\.passing\(|\bpoint: )'([^']+)'/g)].map(
      ([, name]) => name,
    ),
  )
  const names = [...crashPoints.map(({ name }) => name), ...libraryCrashPoints].sort()
  deepEqual([...new Set(passed)].sort(), names)
  const page = readFileSync(`${root}docs/operate/crash-points.md`, 'utf8')
  for (const name of names) ok(page.includes(`\`${name}\``), name)
})

test('twenty lives end at crash points, and nothing acknowledged is lost or half done', async () => {
  const results: CrashResult[] = []
  const seed = 'npm test'
  await runCrashes(seed, planCrashes(seed, 1).slice(0, 20), (result) => results.push(result))
  const reached = results.filter(({ isAtPoint }) => isAtPoint)
  ok(reached.length >= 15, `only ${reached.length} died where they should`)
  ok(results.reduce((sum, { acknowledged }) => sum + acknowledged, 0) > 50)
})
