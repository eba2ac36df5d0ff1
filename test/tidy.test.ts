/** The floor plan, enforced: ARCHITECTURE.md says what each room is and may know; this reads the page and every source file. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readFloorPlan } from './tidy/floor-plan.ts'
import * as pages from './tidy/pages.ts'
import * as rules from './tidy/rules.ts'
import { readSource } from './tidy/source.ts'

process.chdir(new URL('..', import.meta.url).pathname)

const plan = readFloorPlan(readFileSync('ARCHITECTURE.md', 'utf8'))
/** Kernels are AssemblyScript: a language of their own, compiled by the room's build script. */
const sources = globSync('{src,web,test,bench,packaging}/**/*.ts', { exclude: ['src/*/kernel/**'] })
  .sort()
  .map((path) => readSource(path, readFileSync(path, 'utf8')))
const texts = globSync('**/*.{ts,md,json,sh,yaml,yml,toml}', {
  exclude: ['node_modules/**', 'data/**', 'dist/**', 'bench/.data/**', 'bench/latest.json'],
}).map((path) => ({ path, text: readFileSync(path, 'utf8') }))
const manifest = readFileSync('package.json', 'utf8')
/** Files that browsers run too, with all that they import. */
const inBrowsers = [
  'src/content/cdn-meta.ts',
  'src/content/directory-walk.ts',
  'src/content/link.ts',
  'src/content/recover-block.ts',
  'src/content/shards.ts',
  ...globSync('web/*.ts'),
]

test('rooms have rows, rows have rooms, and names have nouns', () => {
  none(rules.roomNames(plan, sources))
})

test('every row names only rooms above it', () => {
  none(rules.tableOrder(plan))
})

test('imports are #room/file and stay within the row', () => {
  none(rules.imports(plan, sources))
})

test('no file imports itself, however far around', () => {
  none(rules.cycles(sources))
})

test('every source file is reached from a program, a suite or a benchmark', () => {
  const scripts = [...manifest.matchAll(/src\/[\w/-]+\.ts/g)].map(([path]) => path)
  const launched = [...manifest.matchAll(/packaging\/bin\/([\w-]+)"/g)].map(
    ([, name]) => `src/main/${name}.ts`,
  )
  const exported = [...manifest.matchAll(/"\.\/dist\/([\w/-]+)\.js"/g)].map(
    ([, name]) => `src/${name}.ts`,
  )
  const served = ['web/page.ts', 'web/worker.ts', 'web/libraries.ts']
  const programs = [...scripts, ...launched, ...exported, ...served]
  none(rules.deadFiles(sources, programs))
})

test('time and chance come only from world', () => {
  none(rules.timeAndChance(plan, sources))
})

test('environment, arguments and signals are read only in main', () => {
  none(rules.environment(sources))
})

test('what browsers run needs nothing of Node', () => {
  none(rules.browsers(sources, inBrowsers))
})

test('suites do not wait', () => {
  none(rules.suites(sources))
})

test('exports have names', () => {
  none(rules.namedExports(sources))
})

test('no file is longer than one thought can be', () => {
  none(rules.length(sources))
})

test('every page is in its index, and links lead somewhere', () => {
  none([...pages.indexes(texts), ...pages.brokenLinks(texts, existsSync)])
})

test('no file names a machine or a package host', () => {
  none(pages.foreignWords(texts))
})

function none(problems: readonly rules.Problem[]): void {
  const lines = problems.map(
    ({ path, line, text }) => `${path}${line === undefined ? '' : `:${line}`}  ${text}`,
  )
  if (lines.length > 0) assert.fail(lines.join('\n'))
}
