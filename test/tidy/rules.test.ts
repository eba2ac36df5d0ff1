/** A rule that finds nothing is only worth something if it would have found something: each is shown what it exists for. */
import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { readFloorPlan } from './floor-plan.ts'
import * as pages from './pages.ts'
import * as rules from './rules.ts'
import { blank, readSource } from './source.ts'

const rows = [
  '| `ground`  | —                     | `node:fs`, timers | Files and time.    |',
  '| `middle`  | ground                | —                 | _planned._ Later.  |',
  '| `top`     | everything above it   | `some-package`    | The door.          |',
  '| `main`    | anything              | anything          | Programs.          |',
  ...Array.from({ length: 8 }, (_, index) => `| \`spare-${index}\` | — | — | Spare. |`),
]
const opening = '`outside` is what it may touch besides the language and\n`node:path`. More.'
const plan = readFloorPlan([opening, '', ...rows].join('\n'))

function read(files: Readonly<Record<string, string>>): ReturnType<typeof readSource>[] {
  return Object.entries(files).map(([path, text]) => readSource(path, text))
}

function paths(problems: readonly rules.Problem[]): readonly string[] {
  return problems.map(({ path, line }) => (line === undefined ? path : `${path}:${line}`))
}

test('a row that names a room below it is found', () => {
  const upside = readFloorPlan(
    [opening, ...rows, '| `last` | later | — | x |', '| `later` | — | — | x |'].join('\n'),
  )
  deepEqual(rules.tableOrder(plan), [])
  deepEqual(rules.tableOrder(upside).length, 1)
})

test('rooms without a row, planned rooms with code, empty names and loose files are found', () => {
  const files = read({
    'src/ground/read.ts': '',
    'src/attic/box.ts': '',
    'src/middle/step.ts': '',
    'src/top/utils.ts': '',
    'src/loose.ts': '',
  })
  deepEqual(paths(rules.roomNames(plan, files)).toSorted(), [
    'ARCHITECTURE.md',
    'src/attic/box.ts',
    'src/loose.ts',
    'src/top/utils.ts',
  ])
})

test('an import is judged by the row of its room', () => {
  const files = read({
    'src/ground/a.ts':
      "import 'node:fs/promises'\nimport 'node:path'\nimport 'node:timers/promises'",
    'src/ground/b.ts': "import { x } from '#top/a'\nimport y from 'some-package'\nimport './a.ts'",
    'src/ground/c.test.ts': "import 'node:test'\nimport '../../test/kit.ts'\nimport '#top/a'",
    'src/ground/gone.ts':
      "export { z } from '#ground/nowhere'\nawait import('#ground/a')\nawait import('#top/a')\nawait import('some-package')",
    'src/top/a.ts': "import 'some-package/part'\nimport '#ground/_secret'\nimport '#ground/a'",
    'src/ground/_secret.ts': '',
    'src/main/program.ts': "await import('anything-at-all')\nimport '#top/a'",
    'test/kit.ts': "import '#top/a'\nimport 'node:child_process'",
  })
  deepEqual(paths(rules.imports(plan, files)), [
    'src/ground/b.ts:1',
    'src/ground/b.ts:2',
    'src/ground/b.ts:3',
    'src/ground/c.test.ts:3',
    'src/ground/gone.ts:1',
    'src/ground/gone.ts:3',
    'src/ground/gone.ts:4',
    'src/top/a.ts:2',
  ])
})

test('a cycle is found through any number of files', () => {
  const files = read({
    'src/ground/a.ts': "import '#ground/b'",
    'src/ground/b.ts': "import '#ground/c'",
    'src/ground/c.ts': "import '#ground/a'",
    'src/ground/d.ts': "import '#ground/a'",
  })
  deepEqual(paths(rules.cycles(files)), ['src/ground/a.ts'])
})

test('a file nobody needs is found, a worker and what it needs are not', () => {
  const files = read({
    'src/main/program.ts': "import '#ground/pool'",
    'src/ground/pool.ts': "new Worker(new URL('./_worker.ts', import.meta.url))",
    'src/ground/_worker.ts': "import '#ground/needed'",
    'src/ground/needed.ts': '',
    'src/ground/dead.ts': '',
    'src/ground/dead.test.ts': "import '#ground/dead'",
  })
  deepEqual(paths(rules.deadFiles(files, ['src/main/program.ts'])), ['src/ground/dead.ts'])
})

test('clocks and chance are found in code, not in words', () => {
  const files = read({
    'src/top/a.ts':
      "// setTimeout\nconst a = 'Date.now' + `Math.random()`\nsocket.setTimeout(1)\n/setTimeout/.test(a)",
    'src/top/b.ts': 'setTimeout(go, 1)\nconst now = new Date()\nDate.now()',
    'src/ground/clock.ts': 'setTimeout(go, 1)',
    'src/top/b.test.ts': 'Date.now()',
    'src/main/b.ts': 'Date.now()',
  })
  deepEqual(paths(rules.timeAndChance(plan, files)), [
    'src/top/b.ts:1',
    'src/top/b.ts:2',
    'src/top/b.ts:3',
  ])
})

test('the environment is found outside main', () => {
  const text = "const home = process.env['HOME']\nprocess.once('SIGTERM', stop)"
  const files = read({ 'src/top/a.ts': text, 'src/main/a.ts': text })
  deepEqual(paths(rules.environment(files)), ['src/top/a.ts:1', 'src/top/a.ts:2'])
})

test('what browsers run needs nothing of Node, however far below', () => {
  const files = read({
    'src/top/page.ts': "import { a } from '#ground/a'\nconst Buffers = 'Buffer' // Buffer",
    'src/ground/a.ts': "import { strict } from 'node:assert'\nBuffer.from(process.env)",
    'src/ground/b.ts': "import 'node:fs'",
  })
  deepEqual(paths(rules.browsers(files, ['src/top/page.ts'])), [
    'src/ground/a.ts:1',
    'src/ground/a.ts:2',
    'src/ground/a.ts:2',
  ])
})

test('suites that wait are found', () => {
  const waits = "describe('a', async () => {})\ndescribe('b', { skip }, async () => {})"
  const files = read({
    'src/top/a.test.ts': waits,
    'test/b.test.ts': "describe('a', () => {\n  test('b', async () => {})\n})",
  })
  deepEqual(paths(rules.suites(files)), ['src/top/a.test.ts:1', 'src/top/a.test.ts:2'])
})

test('default exports and endless files are found', () => {
  const files = read({ 'src/top/a.ts': 'export default 1', 'src/top/b.ts': '\n'.repeat(600) })
  deepEqual(paths(rules.namedExports(files)), ['src/top/a.ts:1'])
  deepEqual(paths(rules.length(files)), ['src/top/b.ts'])
})

test('blanking keeps every character in place and leaves the code', () => {
  const pairs = [
    ['a / b // c', 'a / b     '],
    ['d(\'e\', "f")', 'd(\' \', " ")'],
    ['g(`h\ni`) /* j\n */', 'g(` \n `)     \n   '],
    [".replace(/'/g, x) / 2", '.replace(   g, x) / 2'],
    ["'it\\'s' + k", "'     ' + k"],
  ]
  for (const [text = '', code] of pairs) deepEqual(blank(text), code)
})

test('pages nobody finds, links that lead nowhere and foreign words are found', () => {
  const machine = ['', 'home', 'somebody', 'x'].join('/')
  const texts = [
    {
      path: 'docs/formats/README.md',
      text: '[a](a.md)\n[away](https://example.org) [up](../up.md#part)',
    },
    { path: 'docs/formats/a.md', text: `kept at ${machine}` },
    { path: 'docs/formats/lost.md', text: '' },
  ]
  deepEqual(paths(pages.indexes(texts)), ['docs/formats/lost.md'])
  deepEqual(paths(pages.brokenLinks(texts, (path) => path === 'docs/formats/a.md')), [
    'docs/formats/README.md:2',
  ])
  deepEqual(paths(pages.foreignWords(texts)), ['docs/formats/a.md:1'])
})
