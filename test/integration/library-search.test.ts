/** What is found, in which order, and why: one contract for both databases. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type Actor, anonymous, type TeamRole, type TokenScope } from '#identity/actor'
import type { FindQuery, Visibility } from '#library/model'
import { parseLibraryRef } from '#library/name'
import { fault } from '../fault.ts'
import {
  openRegistry,
  people,
  publishText,
  type Registry,
  signal,
  user,
} from '../library/registry.ts'

const { ada, bob, eve, root } = people
const opened: Registry[] = []
after(async () => {
  for (const registry of opened) await registry[Symbol.asyncDispose]()
})
async function open(): Promise<Registry> {
  const registry = await openRegistry({ quota: {} })
  opened.push(registry)
  return registry
}

{
  const registry = await open()
  const { libraries, clock } = registry
  const publish = async (
    library: string,
    text: Parameters<typeof publishText>[3] = {},
    actor: Actor = ada,
  ): Promise<void> => {
    await publishText(registry, actor, `${library}@1.0.0`, text)
    clock.aheadMs += 1_000
  }
  await publish('@ada/kubernetes', { description: 'Run books', tags: ['ops'], license: 'MIT' })
  await publish('@ada/kubernetes-recipes', { tags: ['ops', 'cooking'] })
  await publish('@ada/cluster-notes', { tags: ['kubernetes', 'ops'], license: 'Apache-2.0' })
  await publish('@ada/platform', { description: 'Everything about Kubernetes clusters' })
  await publish('@ada/handbook', { files: { 'docs/a.md': '# Kubernetes\n\nLater.\n' } })
  await publish('@ada/diary', {
    files: { 'docs/a.md': 'Today I met Kubernetes, in a café in 東京都.\n' },
  })
  await publish('@bob/kubernetes-private', { visibility: 'private', tags: ['ops'] }, bob)
  await publish('@bob/kubernetes-internal', { visibility: 'internal', tags: ['ops'] }, bob)
  await publish('@ada/templates', { description: 'Policies and boxes' })

  const names = async (query: FindQuery, actor: Actor = anonymous): Promise<readonly string[]> =>
    (await libraries.find(actor, query)).libraries.map(({ name }) => name)
  const download = async (library: string, times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) {
      const place = { ...parseLibraryRef(library), version: '1.0.0' }
      const archive = await libraries.archive(root, place, { signal })
      archive.release()
    }
    await libraries.flush()
  }

  describe('DISC-001 search', () => {
    test('the name asked for, then names, tags, descriptions, headings, bodies', async () => {
      deepEqual(await names({ text: 'kubernetes' }), [
        'kubernetes',
        'kubernetes-recipes',
        'cluster-notes',
        'platform',
        'handbook',
        'diary',
      ])
    })

    test('each hit says why: the field that decided, its weight, where each word is', async () => {
      const { libraries: hits } = await libraries.find(anonymous, { text: 'ops kubernetes' })
      deepEqual(
        hits.map(({ name, why }) => [name, why?.field, why?.weight]),
        [
          ['kubernetes-recipes', 'tags', 8],
          ['kubernetes', 'tags', 8],
          ['cluster-notes', 'tags', 8],
        ].sort(([one], [other]) => order.indexOf(String(one)) - order.indexOf(String(other))),
      )
      deepEqual(hits.find(({ name }) => name === 'kubernetes')?.why?.words, [
        { word: 'ops', match: 'whole', fields: ['tags'] },
        { word: 'kubernetes', match: 'whole', fields: ['name', 'headings', 'bodies'] },
      ])
    })
    /** Within a tier, what is downloaded more; here nothing is, so the newer. */
    const order = ['cluster-notes', 'kubernetes-recipes', 'kubernetes']

    test('of what is found alike, the more downloaded first', async () => {
      await download('@ada/kubernetes', 2)
      deepEqual((await names({ text: 'ops kubernetes' }))[0], 'kubernetes')
      await download('@ada/cluster-notes', 5)
      deepEqual((await names({ text: 'ops kubernetes' }))[0], 'cluster-notes')
      deepEqual(
        (await names({ text: 'kubernetes' }))[0],
        'kubernetes',
        'the name wins all the same',
      )
    })

    test('all words must be found, in whichever fields, whatever their accents, case and number', async () => {
      deepEqual(await names({ text: 'KUBERNETES cafe' }), ['diary'])
      deepEqual(await names({ text: 'Kubernetes absent' }), [])
      deepEqual(await names({ text: 'template policy box' }), ['templates'])
      deepEqual(await names({ text: '東京' }), ['diary'])
      deepEqual(await names({ text: '@ada/handbook' }), ['handbook'])
      deepEqual(await names({ text: '!!!' }), [])
    })

    test('the last word may be the beginning of one, behind all that has it whole', async () => {
      deepEqual(await names({ text: 'hand' }), ['handbook'])
      deepEqual((await names({ text: 'clu' })).toSorted(), ['cluster-notes', 'platform'])
      deepEqual(await names({ text: 'clu kubernetes' }), [])
      const [hit] = (await libraries.find(anonymous, { text: 'templ' })).libraries
      deepEqual(hit?.why?.words, [
        {
          word: 'templ',
          match: 'beginning',
          found: 'templates',
          fields: ['name', 'headings', 'bodies'],
        },
      ])
    })

    test('a slip of the finger finds what was meant, and says what that is', async () => {
      for (const text of ['kuberntes', 'kubernetse', 'kubernettes', 'kubrenetes']) {
        const found = await libraries.find(anonymous, { text })
        equal(found.corrected, 'kubernetes', text)
        equal(found.libraries[0]?.name, 'kubernetes', text)
        equal(found.libraries[0]?.why?.words[0]?.match, 'near')
      }
      equal((await libraries.find(anonymous, { text: 'kubernetes' })).corrected, undefined)
      deepEqual(await names({ text: 'xyzzyplugh' }), [])
    })

    test('what somebody may not read is not found, counted or corrected to', async () => {
      const total = async (actor: Actor) =>
        (await libraries.find(actor, { text: 'kubernetes' })).total
      deepEqual(
        [await total(anonymous), await total(eve), await total(bob), await total(root)],
        [6, 7, 8, 8],
      )
      deepEqual(await names({ text: 'kubernetes-private' }), [])
      deepEqual(await names({ text: 'kubernetes-private' }, bob), ['kubernetes-private'])
      deepEqual(await names({ text: 'kubernetes-privaet' }), [])
      const narrow = user('bob', { globs: ['@bob/kubernetes-int*'] })
      equal(await total(narrow), 7)
      equal(await total(user('bob', { scopes: ['publish'] })), 6)
    })

    test('filters: tag, scope, licence, changed since; with words and without', async () => {
      deepEqual((await names({ tag: 'ops' })).length, 3)
      deepEqual(await names({ text: 'kubernetes', tag: 'ops', license: 'mit' }), ['kubernetes'])
      deepEqual(await names({ scope: '@bob' }, bob), ['kubernetes-internal', 'kubernetes-private'])
      deepEqual(await names({ scope: 'bob', text: 'kubernetes' }, eve), ['kubernetes-internal'])
      const { updatedAt } = await libraries.library(anonymous, parseLibraryRef('@ada/templates'))
      deepEqual(await names({ updatedSince: updatedAt }), ['templates'])
      deepEqual(await names({ updatedSince: updatedAt, text: 'kubernetes' }), [])
    })

    test('DISC-005 sorts, each both ways', async () => {
      const all = [
        'cluster-notes',
        'diary',
        'handbook',
        'kubernetes',
        'kubernetes-recipes',
        'platform',
        'templates',
      ]
      deepEqual(await names({}), all)
      deepEqual(await names({ sort: 'name', order: 'desc' }), all.toReversed())
      deepEqual((await names({ sort: 'downloads' })).slice(0, 2), ['cluster-notes', 'kubernetes'])
      deepEqual((await names({ sort: 'updated_at' })).slice(0, 2), ['templates', 'diary'])
      deepEqual(
        (await names({ sort: 'updated_at', order: 'asc', text: 'kubernetes' })).slice(0, 2),
        ['kubernetes', 'kubernetes-recipes'],
      )
    })

    test('DISC-004 pages by number and by cursor are the same, in every order', async () => {
      for (const query of [
        { text: 'kubernetes' },
        {},
        { sort: 'updated_at' },
        { sort: 'downloads', order: 'asc' },
        { text: 'kubernetes', sort: 'name', order: 'desc' },
      ] satisfies FindQuery[]) {
        const whole = await names(query, bob)
        const byNumber: string[] = []
        const byCursor: string[] = []
        let cursor: string | undefined
        for (let page = 1; byNumber.length < whole.length; page += 1) {
          byNumber.push(...(await names({ ...query, page, perPage: 2 }, bob)))
          const next = { ...query, perPage: 2, ...(cursor === undefined ? {} : { cursor }) }
          const found = await libraries.find(bob, next)
          equal(found.total, whole.length)
          byCursor.push(...found.libraries.map(({ name }) => name))
          cursor = found.next
        }
        deepEqual([byNumber, byCursor, cursor], [whole, whole, undefined])
      }
    })

    test('what is no query is refused', async () => {
      const find = (query: FindQuery) => libraries.find(anonymous, query)
      await rejects(find({ perPage: 0 }), fault('library/malformed-query'))
      await rejects(find({ perPage: 101 }), fault('library/malformed-query'))
      await rejects(find({ page: 0 }), fault('library/malformed-query'))
      await rejects(find({ page: 10_000 }), fault('library/malformed-query'))
      await rejects(find({ text: 'a '.repeat(300) }), fault('library/malformed-query'))
      await rejects(
        find({ text: 'abcdefghijklmnopqrstuvwxyz'.split('').join(' ') }),
        fault('library/malformed-query'),
      )
      for (const cursor of ['', 'x', Buffer.from('[1,2]').toString('base64url')])
        await rejects(find({ cursor }), fault('library/malformed-cursor'))
      // Nothing of a query is part of a statement.
      for (const text of [
        `'`,
        `"`,
        `" OR "1`,
        `a' | 'b`,
        'a:*',
        'NOT',
        'NEAR(a b)',
        '\\',
        '%',
        '*',
      ])
        ok((await find({ text, tag: text, license: text })).total >= 0)
    })

    test('a library is searched inside, line by line, under the heading that stands above', async () => {
      const files = {
        'docs/a.md': '# One\n\nspores travel\n\n## Two\n\nSpores   rest here\n```\n# spore\n```\n',
      }
      await publish('@ada/inner', { files })
      const inner = parseLibraryRef('@ada/inner')
      const lines = async (text: string) =>
        (await libraries.findInside(anonymous, inner, { text }, { signal })).map(
          ({ path, line, heading }) => `${path}:${line} ${heading}`,
        )
      deepEqual(await lines('spores'), ['docs/a.md:3 One', 'docs/a.md:7 Two', 'docs/a.md:9 Two'])
      deepEqual(await lines('REST spor'), ['docs/a.md:7 Two'])
      await rejects(lines(' '), fault('library/malformed-query'))
    })

    test('what is no longer shown is no longer found', async () => {
      const inner = { ...parseLibraryRef('@ada/inner'), version: '1.0.0' }
      deepEqual(await names({ text: 'inner' }), ['inner'])
      await publishText(registry, ada, '@ada/inner@2.0.0', { description: 'zymurgy' })
      deepEqual(await names({ text: 'spores' }), [])
      deepEqual(await names({ text: 'zymurgy' }), ['inner'])
      await libraries.yank(ada, { ...inner, version: '2.0.0' }, 'no')
      deepEqual(await names({ text: 'zymurgy' }), [])
      await libraries.removeLibrary(ada, inner)
      deepEqual(await names({ text: 'inner' }), [])
      equal((await libraries.find(anonymous, { tag: 'inner' })).total, 0)
    })
  })
}

test('SEC-005 what is listed is what may be read, for everybody and every library', async () => {
  const registry = await open()
  const { libraries, sql } = registry
  const visibilities: readonly Visibility[] = ['public', 'internal', 'private']
  for (const scope of ['ada', 'docs-team', 'others'])
    for (const visibility of visibilities)
      await publishText(registry, root, `@${scope}/${visibility}-one@1.0.0`, { visibility })
  const granted = parseLibraryRef('@others/private-one')
  await libraries.setGrant(root, granted, 'eve', 'read')
  await libraries.invite(root, granted, { handle: 'docs-team', kind: 'co-owner' })
  await libraries.accept(root, granted, 'docs-team')
  await libraries.invite(root, parseLibraryRef('@ada/private-one'), {
    handle: 'bob',
    kind: 'transfer',
  })
  await libraries.accept(root, parseLibraryRef('@ada/private-one'), 'bob')

  const teams: readonly Readonly<Record<string, TeamRole>>[] = [
    {},
    { 'docs-team': 'reader' },
    { others: 'admin', 'docs-team': 'member' },
  ]
  const scopes: readonly (readonly TokenScope[])[] = [['read'], ['publish']]
  const globs = [['@*/*'], ['@docs-team/*', '@ada/private-one'], ['@others/p*']]
  const actors = ['ada', 'bob', 'eve'].flatMap((handle) =>
    teams.flatMap((ofTeams) =>
      scopes.flatMap((ofScopes) =>
        globs.map((ofGlobs) => user(handle, { teams: ofTeams, scopes: ofScopes, globs: ofGlobs })),
      ),
    ),
  )
  for (const actor of [
    anonymous,
    root,
    user('root', { isAdmin: true, globs: ['@ada/*'] }),
    ...actors,
  ]) {
    const listed = await libraries.find(actor, { perPage: 100 })
    const found = await libraries.find(actor, { text: 'one', perPage: 100 })
    const readable: string[] = []
    for (const { scope, name } of await sql.query<{ scope: string; name: string }>`
      select scope, name from library order by name, scope`) {
      const ref = parseLibraryRef(`${scope}/${name}`)
      const isReadable = await libraries.library(actor, ref).then(
        () => true,
        (error) => !fault('library/no-such-library')(error),
      )
      if (isReadable) readable.push(`@${scope}/${name}`)
    }
    const told = listed.libraries.map(({ scope, name }) => `@${scope}/${name}`)
    const which = JSON.stringify(
      actor.kind === 'user' ? { ...actor, teams: [...actor.teams] } : actor,
    )
    deepEqual(told, readable, which)
    deepEqual([listed.total, found.total], [readable.length, readable.length], which)
  }
})

test('a new version is found by its own words at once, whatever of it has changed', async () => {
  const registry = await open()
  const found = async (text: string): Promise<readonly string[]> =>
    (await registry.libraries.find(anonymous, { text })).libraries.map(
      ({ name, latest }) => `${name} ${latest}`,
    )
  const publish = async (version: string, text: Parameters<typeof publishText>[3]) =>
    void (await publishText(registry, ada, `@ada/atlas@${version}`, text))
  const same = {
    description: 'Maps',
    tags: ['geo'],
    files: { 'docs/a.md': '# Rivers\n\nDanube\n' },
  }
  await publish('1.0.0', same)
  await publish('1.0.1', { ...same, files: { 'docs/b.md': '# rivers\n\nDanube! Danube.\n' } }) // the same words
  for (const word of ['atlas', 'geo', 'maps', 'rivers', 'danube'])
    deepEqual(await found(word), ['atlas 1.0.1'], word)
  await publish('1.0.2', { ...same, description: 'Charts' })
  deepEqual([await found('charts'), await found('maps')], [['atlas 1.0.2'], []])
  await publish('1.0.3', { ...same, tags: ['seas'] })
  deepEqual([await found('seas'), await found('geo')], [['atlas 1.0.3'], []])
  await publish('1.0.4', { ...same, files: { 'docs/a.md': '# Lakes\n\nDanube\n' } })
  deepEqual([await found('lakes'), await found('rivers')], [['atlas 1.0.4'], []])
  await publish('1.0.5', { ...same, files: { 'docs/a.md': '# Lakes\n\nOhrid\n' } })
  deepEqual([await found('ohrid'), await found('danube')], [['atlas 1.0.5'], []])
})
