/** Which versions are installed: the newest that all take, and a sentence when there are none. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isInRange, parseRange, type Range } from '#library/range'
import { type Candidate, type Resolution, resolveDependencies } from '#library/resolve'
import { parseVersion, type Version } from '#library/version'

const { signal } = new AbortController()
/** `name@version`, and what it needs; `!` behind the version: it is yanked. */
type World = Readonly<Record<string, Readonly<Record<string, string>>>>

function candidates(world: World): (library: string) => Promise<readonly Candidate[]> {
  return async (library) =>
    Object.entries(world)
      .filter(([key]) => key.startsWith(`@a/${library.slice(3)}@`))
      .map(([key, needs]) => ({
        version: parseVersion(key.slice(key.lastIndexOf('@') + 1).replace('!', '')),
        isYanked: key.endsWith('!'),
        dependencies: ranges(needs),
      }))
}

function ranges(needs: Readonly<Record<string, string>>): ReadonlyMap<string, Range> {
  return new Map(Object.entries(needs).map(([name, text]) => [`@a/${name}`, parseRange(text)]))
}

async function resolve(
  world: World,
  wanted: Readonly<Record<string, string>>,
  locked: Readonly<Record<string, string>> = {},
): Promise<Resolution> {
  const lock = new Map(
    Object.entries(locked).map(([name, text]) => [`@a/${name}`, parseVersion(text)]),
  )
  return await resolveDependencies(ranges(wanted), {
    candidates: candidates(world),
    locked: lock,
    signal,
  })
}

function chosen(resolution: Resolution): Readonly<Record<string, string>> {
  ok(resolution.state === 'resolved', 'explanation' in resolution ? resolution.explanation : '')
  return Object.fromEntries(
    [...resolution.versions].map(([name, { version }]) => [name.slice(3), version]),
  )
}

const layers: World = {
  '@a/one@1.0.0': { base: '^1.0.0' },
  '@a/one@1.1.0': { base: '^2.0.0' },
  '@a/two@1.0.0': { base: '^1.0.0' },
  '@a/base@1.0.0': {},
  '@a/base@1.5.0': {},
  '@a/base@2.0.0': {},
}

test('the newest of each that fits', async () => {
  deepEqual(chosen(await resolve(layers, { one: '*' })), { base: '2.0.0', one: '1.1.0' })
  deepEqual(chosen(await resolve(layers, { one: '~1.0.0' })), { base: '1.5.0', one: '1.0.0' })
  deepEqual(chosen(await resolve(layers, {})), {})
})

test('an older one is chosen when only that goes with the others', async () => {
  deepEqual(chosen(await resolve(layers, { one: '*', two: '*' })), {
    base: '1.5.0',
    one: '1.0.0',
    two: '1.0.0',
  })
})

test('a locked version is kept while it fits, and given up when it does not', async () => {
  deepEqual(
    chosen(await resolve(layers, { one: '^1.0.0', base: '*' }, { one: '1.0.0', base: '1.0.0' })),
    { base: '1.0.0', one: '1.0.0' },
  )
  deepEqual(chosen(await resolve(layers, { one: '1.1.0' }, { base: '1.0.0' })), {
    base: '2.0.0',
    one: '1.1.0',
  })
})

test('a yanked version is chosen only when it is locked', async () => {
  const world: World = { '@a/one@1.0.0': {}, '@a/one@1.1.0!': {} }
  deepEqual(chosen(await resolve(world, { one: '^1.0.0' })), { one: '1.0.0' })
  deepEqual(chosen(await resolve(world, { one: '^1.0.0' }, { one: '1.1.0' })), { one: '1.1.0' })
  equal((await resolve(world, { one: '1.1.0' })).state, 'conflict')
})

test('a conflict says who asks for what, and what there is', async () => {
  const conflict = await resolve(layers, { one: '1.1.0', two: '*' })
  ok(conflict.state === 'conflict')
  deepEqual(conflict.explanation.split('\n'), [
    '@a/one@1.1.0 needs @a/base ^2.0.0',
    '@a/two@1.0.0 needs @a/base ^1.0.0',
    'of @a/base there is 2.0.0, 1.5.0, 1.0.0',
    'no version satisfies all of this',
  ])
  const absent = await resolve({ '@a/one@1.0.0': { gone: '^1' } }, { one: '*' })
  ok(absent.state === 'conflict')
  match(absent.explanation, /@a\/one@1\.0\.0 needs @a\/gone \^1\nthere is no @a\/gone/)
})

test('circles are no trouble', async () => {
  const world: World = { '@a/one@1.0.0': { two: '*' }, '@a/two@1.0.0': { one: '^1' } }
  deepEqual(chosen(await resolve(world, { one: '*' })), { one: '1.0.0', two: '1.0.0' })
})

test('choices that do not matter are not tried in all combinations', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 20 }, (_, library) =>
      Array.from(
        { length: 30 },
        (_unused, minor) => [`@a/free${library}@1.${minor}.0`, {}] as const,
      ),
    ).flat(),
  )
  const wanted = Object.fromEntries(
    Array.from({ length: 20 }, (_, library) => [`free${library}`, '*']),
  )
  const world: World = { ...many, ...layers, '@a/top@1.0.0': { one: '1.1.0' } }
  const conflict = await resolve(world, { top: '*', two: '*', ...wanted })
  equal(conflict.state, 'conflict')
})

/** Tries everything. */
function isSolvable(world: World, wanted: Readonly<Record<string, string>>): boolean {
  const versions = (name: string): readonly Version[] =>
    Object.keys(world)
      .filter((key) => key.startsWith(`@a/${name}@`))
      .map((key) => parseVersion(key.slice(key.lastIndexOf('@') + 1)))
  const fits = (
    choice: ReadonlyMap<string, Version>,
    needs: Readonly<Record<string, string>>,
  ): boolean =>
    Object.entries(needs).every(([name, text]) => {
      const version = choice.get(name)
      return version !== undefined && isInRange(version, parseRange(text))
    })
  const names = [...new Set(Object.keys(world).map((key) => key.slice(3, key.lastIndexOf('@'))))]
  const walk = (index: number, choice: ReadonlyMap<string, Version>): boolean => {
    const name = names[index]
    if (name === undefined)
      return (
        fits(choice, wanted) &&
        [...choice].every(([one, version]) => fits(choice, world[`@a/${one}@${version}`] ?? {}))
      )
    return (
      walk(index + 1, choice) ||
      versions(name).some((version) => walk(index + 1, new Map([...choice, [name, version]])))
    )
  }
  return walk(0, new Map())
}

const name = fc.constantFrom('aa', 'bb', 'cc', 'dd')
const range = fc.constantFrom('*', '^1.0.0', '1.0.0', '1.1.0', '^2.0.0', '>=1.1.0')
const needs = fc.dictionary(name, range, { maxKeys: 3 })
const world = fc.dictionary(
  fc
    .tuple(name, fc.constantFrom('1.0.0', '1.1.0', '2.0.0'))
    .map(([one, version]) => `@a/${one}@${version}`),
  needs,
  { maxKeys: 9 },
)

test('there is a resolution exactly when there is one, and it satisfies all', () =>
  fc.assert(
    fc.asyncProperty(world, needs, async (all, wanted) => {
      const found = await resolve(all, wanted)
      equal(found.state === 'resolved', isSolvable(all, wanted))
      if (found.state !== 'resolved') return
      for (const [library, asked] of [
        ...ranges(wanted),
        ...[...found.versions.values()].flatMap((one) => [...one.dependencies]),
      ]) {
        const candidate = found.versions.get(library)
        ok(candidate !== undefined && isInRange(candidate.version, asked))
      }
    }),
    { numRuns: 400 },
  ))
