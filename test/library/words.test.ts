/** Names, versions, ranges, licences and manifests as people write them. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { chooseFiles } from '#library/choose-files'
import { readFrontMatter } from '#library/front-matter'
import { isLicenceExpression } from '#library/licence-expression'
import { manifestFromJson, manifestToJson, parseManifest, parseSkill } from '#library/manifest'
import {
  isNearName,
  isReservedScope,
  parseLibraryName,
  parseLibraryRef,
  parseScope,
} from '#library/name'
import { isMatchOfGlob } from '#library/path-glob'
import { isDistTag, isInRange, newestInRange, parseRange } from '#library/range'
import {
  compareVersions,
  isVersion,
  newestFirst,
  parseVersion,
  versionSortKey,
  versionSortKeyCharsMax,
} from '#library/version'

const vectors: {
  readonly versions: {
    readonly ascending: readonly string[]
    readonly keys: readonly string[]
    readonly refused: readonly string[]
  }
  readonly ranges: readonly {
    readonly range: string
    readonly takes: readonly string[]
    readonly refuses: readonly string[]
  }[]
  readonly refusedRanges: readonly string[]
} = JSON.parse(readFileSync(new URL('../vectors/library-versions.json', import.meta.url), 'utf8'))

test('names are lower-case, of stated lengths, with single hyphens inside', () => {
  for (const name of ['abc', 'my-docs', 'a1b', `a${'b'.repeat(63)}`])
    equal(parseLibraryName(name), name)
  const refused = [
    'ab',
    `a${'b'.repeat(64)}`,
    'My-docs',
    '-docs',
    'docs-',
    'my--docs',
    'my_docs',
    'my.docs',
    'd\u00f6cs',
    '123',
    '',
  ]
  for (const name of refused)
    throws(() => parseLibraryName(name), { code: 'library/malformed-name' })
  throws(() => parseScope('a'.repeat(33)), { code: 'library/malformed-name' })
  deepEqual(parseLibraryRef('@team/docs'), parseLibraryRef('team/docs'))
  for (const text of ['docs', '@team', '@team/docs/more', 'team@/docs', '@@team/docs'])
    throws(() => parseLibraryRef(text), { code: 'library/malformed-name' })
})

test('scopes that would be mistaken for the system are reserved', () => {
  for (const name of ['admin', 'api', 'root', 'system', 'con', 'com1'])
    ok(isReservedScope(parseScope(name)))
  ok(!isReservedScope(parseScope('docs-team')))
})

test('names are near that look alike or are one slip apart', () => {
  const isNear = (one: string, other: string): boolean =>
    isNearName(parseLibraryName(one), parseLibraryName(other))
  for (const [one, other] of [
    ['my-docs', 'mydocs'],
    ['handbook', 'handb00k'],
    ['handbook', 'handbok'],
    ['handbook', 'hanbdook'],
    ['handbook', 'handbooks'],
    ['modern', 'rnodern'],
    ['style-guidelines', 'style-giudlines'],
  ] as const)
    ok(isNear(one, other) && isNear(other, one), `${one} ${other}`)
  for (const [one, other] of [
    ['handbook', 'handbook'],
    ['docs', 'dogs'],
    ['handbook', 'cookbook'],
    ['style-guide', 'style-rules'],
  ] as const)
    ok(!isNear(one, other), `${one} ${other}`)
})

test('versions are semver 2.0.0, strictly, and their keys sort as they do', () => {
  const versions = vectors.versions.ascending.map(parseVersion)
  const keys = versions.map(versionSortKey)
  deepEqual(keys, vectors.versions.keys)
  deepEqual(keys, keys.toSorted())
  deepEqual(newestFirst(versions.toReversed()), versions.toReversed())
  for (const text of vectors.versions.refused)
    throws(() => parseVersion(text), { code: 'library/malformed-version' })
  equal(parseVersion('1.0.0+build.7'), '1.0.0')
  equal(parseVersion('1.0.0-rc.1+build.7'), '1.0.0-rc.1')
  ok(!isVersion(`1.0.0-${'a'.repeat(123)}`))
})

const digits = fc.oneof(fc.nat(20).map(String), fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String))
const identifier = fc.oneof(digits, fc.stringMatching(/^[0-9]{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,5}$/))
const version = fc
  .tuple(digits, digits, digits, fc.array(identifier, { maxLength: 2 }))
  .map(([major, minor, patch, pre]) =>
    parseVersion(`${major}.${minor}.${patch}${pre.length > 0 ? `-${pre.join('.')}` : ''}`),
  )

/** semver.org, 11, word for word. */
function precedence(one: string, other: string): number {
  const cut = (text: string): readonly [readonly string[], readonly string[]] => {
    const at = text.indexOf('-')
    return at < 0
      ? [text.split('.'), []]
      : [text.slice(0, at).split('.'), text.slice(at + 1).split('.')]
  }
  const compare = (a: string, b: string): number => {
    const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)]
    if (x && y) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0
    return x !== y ? (x ? -1 : 1) : a < b ? -1 : a > b ? 1 : 0
  }
  const [[core, pre], [otherCore, otherPre]] = [cut(one), cut(other)]
  const rest =
    pre.length === 0 || otherPre.length === 0 ? Math.sign(otherPre.length - pre.length) : 0
  const pairs = (a: readonly string[], b: readonly string[]): number =>
    a
      .map((part, index) => (b[index] === undefined ? 1 : compare(part, b[index])))
      .find((order) => order !== 0) ?? (a.length < b.length ? -1 : 0)
  return pairs(core, otherCore) || rest || pairs(pre, otherPre)
}

test('the order is that of semver.org, for numbers of any length', () =>
  fc.assert(
    fc.property(version, version, (one, other) => {
      equal(Math.sign(compareVersions(one, other)), precedence(one, other))
      ok(versionSortKey(one).length <= versionSortKeyCharsMax)
    }),
  ))

test('ranges take what npm takes', () => {
  for (const { range, takes, refuses } of vectors.ranges) {
    const read = parseRange(range)
    for (const text of takes) ok(isInRange(parseVersion(text), read), `${text} in ${range}`)
    for (const text of refuses) ok(!isInRange(parseVersion(text), read), `${text} not in ${range}`)
  }
  for (const range of vectors.refusedRanges)
    throws(() => parseRange(range), { code: 'library/malformed-range' })
  equal(
    newestInRange(['1.0.0', '1.10.0', '1.9.0', '2.0.0-rc.1'].map(parseVersion), parseRange('>=1')),
    '1.10.0',
  )
})

test('dist-tags are words, and never ranges or versions', () => {
  for (const tag of ['latest', 'next', 'v2', 'release-1.x', 'beta.1']) ok(isDistTag(tag), tag)
  for (const tag of [
    '',
    '1',
    '1.0.0',
    'x',
    '*',
    '^1',
    'Latest',
    '-a',
    'a--b',
    'a b',
    'a'.repeat(65),
  ])
    ok(!isDistTag(tag), tag)
})

test('licences have the shape of SPDX expressions', () => {
  for (const text of [
    'MIT',
    'Apache-2.0 OR MIT',
    '(GPL-2.0-or-later WITH Classpath-exception-2.0) AND CC-BY-4.0',
    'LicenseRef-ours',
    'DocumentRef-a:LicenseRef-b',
    'GPL-2.0+',
  ])
    ok(isLicenceExpression(text), text)
  for (const text of [
    '',
    'MIT OR',
    'MIT Apache-2.0',
    '(MIT',
    'MIT)',
    'OR',
    'MIT WITH',
    'see LICENSE file',
    '<script>',
    `${'('.repeat(100)}MIT${')'.repeat(100)}`,
  ])
    ok(!isLicenceExpression(text), text)
})

const whole = `
[library]
schema = 1
name = "@docs/handbook"
version = "1.2.0+build.5"
description = "How we work"
license = "CC-BY-4.0"
authors = ["Ada <ada@example.org> (https://example.org/ada)", { name = "Bob" }]
tags = ["Handbook", "process", "handbook"]
keywords = ["team"]
readme = "./docs/start.md"
homepage = "https://example.org"
repository = "https://example.org/docs.git"
include = ["docs/**"]
exclude = ["docs/drafts"]
visibility = "internal"
colour = "green"

[dependencies]
"@docs/base" = "^1.0.0"

[[registry]]
name = "ours"

[tool.other]
key = 1
`

test('a manifest is read whole, and unknown keys are kept and told', () => {
  const { manifest, document, warnings } = parseManifest(whole)
  deepEqual(
    { ...manifest, dependencies: [...manifest.dependencies] },
    {
      schema: 1,
      scope: 'docs',
      name: 'handbook',
      version: '1.2.0',
      versionText: '1.2.0+build.5',
      description: 'How we work',
      license: 'CC-BY-4.0',
      authors: [
        { name: 'Ada', email: 'ada@example.org', url: 'https://example.org/ada' },
        { name: 'Bob' },
      ],
      tags: ['handbook', 'process', 'team'],
      readme: 'docs/start.md',
      homepage: 'https://example.org/',
      repository: 'https://example.org/docs.git',
      include: ['docs/**'],
      exclude: ['docs/drafts'],
      visibility: 'internal',
      dependencies: [['@docs/base', parseRange('^1.0.0')]],
    },
  )
  equal(JSON.parse(document).tool.other.key, 1)
  deepEqual(warnings, [
    'tool is not known: it is kept, and means nothing',
    'library.colour is not known: it is kept, and means nothing',
  ])
  deepEqual(manifestFromJson(manifestToJson(manifest)), manifest)
})

test('what is wrong with a manifest is said with its key', () => {
  const base = 'name = "handbook"\nversion = "1.0.0"\n'
  const reasonOf = (text: string): string => {
    try {
      parseManifest(text)
    } catch (error) {
      return String((error as { detail: { reason: string } }).detail.reason) // a fault of this room
    }
    return 'none'
  }
  const wrong: Readonly<Record<string, RegExp>> = {
    'name = 1': /^library\.name: it is no text/,
    'version = "1.0.0"': /name is missing/,
    'name = "handbook"': /version is missing/,
    'name = "Hand Book"\nversion = "1.0.0"': /^library\.name: only lower-case/,
    'name = "handbook"\nversion = "1.0"': /^library\.version: write MAJOR/,
    [`${base}license = "see file"`]: /^library\.license: .*SPDX/,
    [`${base}tags = ["a b"]`]: /^library\.tags\[0\]/,
    [`${base}authors = ["<a@b>"]`]: /^library\.authors\[0\]/,
    [`${base}readme = "../a.md"`]: /^library\.readme/,
    [`${base}homepage = "javascript:alert(1)"`]: /^library\.homepage/,
    [`${base}homepage = "https://user:pass@example.org"`]: /^library\.homepage/,
    [`${base}include = ["../x"]`]: /^library\.include\[0\]/,
    [`${base}visibility = "secret"`]: /^library\.visibility/,
    [`${base}schema = 2`]: /schema is 2/,
    [`${base}description = "a\\nb"`]: /^library\.description/,
    [`${base}[dependencies]\nbase = "^1"`]: /^dependencies\.base/,
    [`${base}[dependencies]\n"@a/base" = "one"`]: /^dependencies\.@a\/base|^dependencies\."?@a/,
    [`${base}x = `]: /^line 4/,
  }
  for (const [text, reason] of Object.entries(wrong))
    ok(
      reason.test(reasonOf(`[library]\n${text}\n`)),
      `${text}: ${reasonOf(`[library]\n${text}\n`)}`,
    )
  equal(reasonOf('name = "x"'), 'it has no table [library]')
  ok(/larger/.test(reasonOf('#'.repeat(70_000))))
})

test('front matter of skills is read as far as it is simple', () => {
  const text =
    '---\nname: pdf-filler\ndescription: >\n  Fills forms\n  in PDFs.\nlicense: "MIT"\nallowed-tools: [Read, Write]\nmetadata:\n  author: ada\n  version: \'1.0\'\n---\n# Body\n'
  deepEqual(parseSkill(text), {
    name: 'pdf-filler',
    description: 'Fills forms in PDFs.',
    license: 'MIT',
    allowedTools: ['Read', 'Write'],
    metadata: { author: 'ada', version: '1.0' },
  })
  deepEqual(parseSkill('---\nallowed-tools: Read Write\n---\n')?.allowedTools, ['Read', 'Write'])
  equal(parseSkill('# No front matter\n'), undefined)
  deepEqual([readFrontMatter(text).body, readFrontMatter(text).linesBefore], ['# Body\n', 11])
  equal(readFrontMatter('---\nnever closed\n').body, '---\nnever closed\n')
})

test('patterns of paths', () => {
  const yes = [
    ['docs', 'docs/a/b.md'],
    ['docs/', 'docs/a.md'],
    ['*.md', 'a.md'],
    ['docs/*.md', 'docs/a.md'],
    ['**/*.md', 'a.md'],
    ['**/*.md', 'x/y/a.md'],
    ['a/**/z.md', 'a/z.md'],
    ['a/**/z.md', 'a/b/c/z.md'],
    ['?.md', 'a.md'],
    ['./docs', 'docs/a.md'],
    ['docs/**', 'docs/a.md'],
  ] as const
  const no = [
    ['*.md', 'docs/a.md'],
    ['docs', 'docs2/a.md'],
    ['docs/*.md', 'docs/x/a.md'],
    ['?.md', 'ab.md'],
    ['a/**/z.md', 'b/z.md'],
  ] as const
  for (const [glob, path] of yes) ok(isMatchOfGlob(path, glob), `${glob} ${path}`)
  for (const [glob, path] of no) ok(!isMatchOfGlob(path, glob), `${glob} ${path}`)
  ok(!isMatchOfGlob('a'.repeat(250), `${'*a'.repeat(100)}b`)) // in no time
})

test('files are chosen by kind and pattern, and what is left has a reason', () => {
  const paths = [
    'README.md',
    '.mdlibs.toml',
    'docs/a.md',
    'docs/drafts/b.md',
    '.git/config',
    '.hidden.md',
    'run.sh',
    'LICENSE',
    'node_modules/x/README.md',
    'libraries/@a/b/c.md',
    'photo.bmp',
    'notes/n.md',
    'con.md',
  ]
  const open = chooseFiles(paths, { include: [], exclude: ['docs/drafts'] })
  deepEqual(open.chosen, ['.mdlibs.toml', 'LICENSE', 'README.md', 'docs/a.md', 'notes/n.md'])
  deepEqual(Object.fromEntries(open.left.map(({ path, why }) => [path, why])), {
    '.git/config': 'hidden',
    '.hidden.md': 'hidden',
    'con.md': 'path',
    'docs/drafts/b.md': 'excluded',
    'libraries/@a/b/c.md': 'installed',
    'node_modules/x/README.md': 'installed',
    'photo.bmp': 'kind',
    'run.sh': 'script',
  })
  const named = chooseFiles(paths, {
    include: ['docs', '.hidden.md', 'run.sh'],
    exclude: [],
    allowsScripts: true,
  })
  deepEqual(named.chosen, [
    '.hidden.md',
    '.mdlibs.toml',
    'LICENSE',
    'README.md',
    'docs/a.md',
    'docs/drafts/b.md',
    'run.sh',
  ])
})
