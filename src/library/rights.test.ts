import { equal } from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Actor, anonymous, type TeamRole, type TokenScope, tokenScopes } from '#identity/actor'
import type { Visibility } from '#library/model'
import { parseLibraryRef } from '#library/name'
import {
  type GuardedLibrary,
  mayAdminister,
  mayCreate,
  mayManage,
  mayPublish,
  mayRead,
  maySpeakFor,
  mayYank,
} from '#library/rights'

const user = (
  handle: string,
  {
    teams = {},
    isAdmin = false,
    scopes = tokenScopes,
    globs = ['@*/*'],
  }: {
    teams?: Readonly<Record<string, TeamRole>>
    isAdmin?: boolean
    scopes?: readonly TokenScope[]
    globs?: readonly string[]
  } = {},
): Actor => ({
  kind: 'user',
  id: `id-of-${handle}`,
  handle,
  isAdmin,
  teams: new Map(Object.entries(teams)),
  token: { id: 't', name: 't', kind: 'api', scopes, globs },
})

const library = (
  visibility: Visibility,
  more: Partial<Omit<GuardedLibrary, 'visibility'>> = {},
): GuardedLibrary => ({
  ...parseLibraryRef('@docs-team/handbook'),
  owner: 'docs-team',
  coOwners: [],
  grants: new Map(),
  visibility,
  ...more,
})

const people = {
  nobody: anonymous,
  stranger: user('stranger'),
  reader: user('rita', { teams: { 'docs-team': 'reader' } }),
  member: user('mia', { teams: { 'docs-team': 'member' } }),
  teamAdmin: user('ada', { teams: { 'docs-team': 'admin' } }),
  granted: user('gus'),
  publisher: user('paul'),
  systemAdmin: user('root', { isAdmin: true }),
} as const
const grants = new Map([
  ['gus', 'read'],
  ['paul', 'publish'],
] as const)

/** Who may, by name, in the order of `people`. */
function allowed(may: (actor: Actor) => boolean): string {
  return Object.entries(people)
    .filter(([, actor]) => may(actor))
    .map(([name]) => name)
    .join(' ')
}

describe('AUTHZ: who may do what', () => {
  const everybody = Object.keys(people).join(' ')
  const inside = 'reader member teamAdmin granted publisher systemAdmin'

  test('read', () => {
    equal(
      allowed((actor) => mayRead(actor, library('public', { grants }))),
      everybody,
    )
    equal(
      allowed((actor) => mayRead(actor, library('internal', { grants }))),
      `stranger ${inside}`,
    )
    equal(
      allowed((actor) => mayRead(actor, library('private', { grants }))),
      inside,
    )
  })

  test('publish, and begin a library', () => {
    const publishers = 'member teamAdmin publisher systemAdmin'
    equal(
      allowed((actor) => mayPublish(actor, library('public', { grants }))),
      publishers,
    )
    equal(
      allowed((actor) => mayCreate(actor, library('public'))),
      'member teamAdmin systemAdmin',
    )
    equal(mayCreate(people.stranger, parseLibraryRef('@stranger/own')), true)
  })

  test('yank: members of a team only what they published', () => {
    const by = (handle: string) =>
      allowed((actor) => mayYank(actor, library('public', { grants }), { publishedBy: handle }))
    equal(by('mia'), 'member teamAdmin systemAdmin')
    equal(by('ada'), 'teamAdmin systemAdmin')
    equal(by('paul'), 'teamAdmin systemAdmin', 'a grant to publish is none to take away')
  })

  test('manage, speak for a team, administer', () => {
    equal(
      allowed((actor) => mayManage(actor, library('public'))),
      'teamAdmin systemAdmin',
    )
    equal(
      allowed((actor) => maySpeakFor(actor, 'docs-team')),
      'teamAdmin systemAdmin',
    )
    equal(allowed(mayAdminister), 'systemAdmin')
  })

  test('rights follow the owner and co-owners, not the scope', () => {
    const moved = library('private', { owner: 'others', coOwners: ['stranger'] })
    equal(
      allowed((actor) => mayRead(actor, moved)),
      'stranger systemAdmin',
    )
    equal(
      allowed((actor) => mayManage(actor, moved)),
      'stranger systemAdmin',
    )
  })
})

describe('AUTHZ: a token narrows', () => {
  const teams = { 'docs-team': 'admin' } as const
  const own = library('private')

  test('by its scopes', () => {
    const only = (scope: TokenScope) => user('ada', { teams, scopes: [scope] })
    const publishedBy = 'ada'
    const can = (actor: Actor) => [
      mayRead(actor, own),
      mayPublish(actor, own),
      mayYank(actor, own, { publishedBy }),
      mayManage(actor, own),
    ]
    equal(String(can(only('read'))), 'true,false,false,false')
    equal(String(can(only('publish'))), 'false,true,false,false')
    equal(String(can(only('yank'))), 'false,false,true,false')
    equal(String(can(only('admin:team'))), 'false,false,false,true')
    equal(mayAdminister(user('root', { isAdmin: true, scopes: ['read'] })), false)
  })

  test('by its globs, of what is public nothing', () => {
    const glob = (text: string) => user('ada', { teams, globs: [text] })
    equal(mayRead(glob('@docs-team/*'), own), true)
    equal(mayRead(glob('@docs-team/hand*'), own), true)
    equal(mayRead(glob('@docs-team/other'), own), false)
    equal(mayRead(glob('@docs-team/other'), library('public')), true)
    equal(mayPublish(glob('@docs-team/other'), library('public')), false)
  })
})
