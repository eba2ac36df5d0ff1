/** The page about compatibility says what is so. */
import { deepEqual, equal } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { accountRoutes } from '#api/accounts/routes'
import { libraryRoutes } from '#api/library/routes'
import { features, shown } from './compat/features.ts'
import {
  firstDesign,
  librariesPageUrl,
  makeLibrariesPage,
  proofsOfEndpoint,
  readLibraryProofs,
  requirements,
} from './compat/libraries.ts'
import { linksPageUrl, makeLinksPage } from './compat/links.ts'
import {
  isServed,
  operationsBeside,
  operationsOfAws,
  refusalOf,
  shortcomings,
} from './compat/operations.ts'
import { makePage, pageUrl } from './compat/page.ts'
import { proofsOf, readProofs, testsOf } from './compat/proofs.ts'

const root = new URL('../', import.meta.url)

test('docs/compat/s3.md is what `npm run compat` writes', () => {
  equal(readFileSync(pageUrl, 'utf8'), makePage(), 'run `npm run compat`')
})

test('docs/compat/cdn.md is what `npm run compat` writes', () => {
  equal(readFileSync(linksPageUrl, 'utf8'), makeLinksPage(root), 'run `npm run compat`')
})

test('docs/compat/libraries.md is what `npm run compat` writes', () => {
  equal(readFileSync(librariesPageUrl, 'utf8'), makeLibrariesPage(root), 'run `npm run compat`')
})

test('72 requirements of libraries; each endpoint has a test that asks it', () => {
  const all = Object.values(requirements).flat()
  equal(new Set(all.map(({ id }) => id)).size, 72)
  const proofs = readLibraryProofs(root)
  const routes = [...libraryRoutes, ...accountRoutes]
  const unproven = routes.filter((route) => proofsOfEndpoint(route, proofs).length === 0)
  deepEqual(
    unproven.map(({ method, path }) => `${method} ${path}`),
    [],
  )
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`))
  deepEqual(
    firstDesign.filter((endpoint) => !known.has(endpoint)),
    [],
  )
})

test('every operation that is served has a test that sends it', () => {
  const proofs = readProofs(root, 'test/integration/**/*.test.ts')
  const served = [...operationsOfAws, ...operationsBeside].filter(isServed)
  const unproven = served.filter((operation) => proofsOf(operation, proofs).length === 0)
  deepEqual(unproven, [])
})

test('nothing is said of operations that do not exist, or are served after all', () => {
  deepEqual(
    Object.keys(shortcomings).filter((operation) => !isServed(operation)),
    [],
  )
  const sets = operationsOfAws.filter((operation) => /^(Put|Create|Delete)/.test(operation))
  deepEqual(
    sets.filter((operation) => isServed(operation) && refusalOf(operation) !== undefined),
    [],
  )
})

test('35 features; each says which tests would show it', () => {
  equal(features.length, 35)
  equal(new Set(features.map(({ name }) => name)).size, 35)
  const feature = { name: 'any', shownBy: /none: of these/ }
  deepEqual(shown(feature, readProofs(root, 'src/**/*.test.ts')), [])
})

test('a test is shown by what it calls, too', () => {
  const text = `
import { GetObjectCommand } from 'sdk'
const inner = () => send(new PutObjectCommand({}))
async function outer() {
  await inner()
}
test('direct', () => send(new HeadObjectCommand({})))
  test("by a function's function", outer)
function after() {
  return new DeleteObjectCommand({})
}
`
  const proofs = testsOf('a.test.ts', text)
  const titles = (operation: string) => proofsOf(operation, proofs).map(({ title }) => title)
  deepEqual(titles('HeadObject'), ['direct'])
  deepEqual(titles('PutObject'), ["by a function's function"])
  deepEqual([titles('GetObject'), titles('DeleteObject')], [[], []])
})
