/** Teams as their members manage them: endpoints 15 to 22 of the first design, invitations with consent, and IAM's groups beside them. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { personFault } from '#identity/faults'
import { readScope } from '#identity/scopes'
import { fault } from '../../fault.ts'
import { type Answer, openPeopleStore, type PeopleStore, password, totpOf } from '../../people.ts'

const dayMs = 24 * 3_600_000

/** Who asks by name, of a store where each has signed in. */
async function withPeople(
  handles: readonly string[],
  work: (
    by: (handle: string, what: string, body?: unknown) => Promise<Answer>,
    people: PeopleStore,
  ) => Promise<void>,
  options: Parameters<typeof openPeopleStore>[0] = {},
): Promise<void> {
  await using people = await openPeopleStore(options)
  const tokens = new Map<string, string>()
  for (const handle of handles)
    tokens.set(handle, await people.join(handle, { isAdmin: handle === 'boss' }))
  const by = async (handle: string, what: string, body?: unknown) =>
    await people.ask(what, { token: tokens.get(handle) ?? '', body })
  await work(by, people)
}

async function joinTeam(
  by: (handle: string, what: string, body?: unknown) => Promise<Answer>,
  handle: string,
  role = 'member',
): Promise<void> {
  const { json } = await by('alice', 'POST /teams/docs-team/members', { username: handle, role })
  equal((await by(handle, `POST /invitations/${json.invitation_id}/accept`)).status, 200)
}

test('a team is made, seen by its members alone, changed and removed (GET, POST /teams, GET, PUT, PATCH, DELETE /teams/:id)', () =>
  withPeople(
    ['alice', 'bob', 'boss'],
    async (by) => {
      const made = await by('alice', 'POST /teams', { name: 'Docs-Team', display_name: 'The docs' })
      equal(made.status, 201)
      const { id } = made.json
      deepEqual(
        [
          made.json.name,
          made.json.display_name,
          made.json.members_count,
          made.json.libraries_count,
        ],
        ['docs-team', 'The docs', 1, 0],
      )
      for (const name of [id, 'docs-team', '@docs-team']) {
        const { status, json } = await by('alice', `GET /teams/${name}`)
        deepEqual([status, json.id, json.role, json.total_downloads], [200, id, 'admin', 0])
      }
      const hidden = await by('bob', 'GET /teams/docs-team')
      deepEqual([hidden.status, hidden.json], [404, (await by('bob', 'GET /teams/docs-team')).json])
      equal((await by('bob', 'GET /teams/never-was')).status, 404)
      deepEqual((await by('bob', 'GET /teams')).json.teams, [])
      equal((await by('alice', 'GET /teams')).json.teams[0].id, id)
      deepEqual((await by('boss', 'GET /teams')).json.teams, [])
      equal((await by('boss', 'GET /teams?all=true')).json.teams[0].role, null)
      equal((await by('bob', 'GET /teams?all=true')).json.teams.length, 0)
      for (const what of ['PATCH', 'DELETE'])
        equal((await by('bob', `${what} /teams/docs-team`, {})).status, 404)
      const change = (body: object, method = 'PATCH') => by('alice', `${method} /teams/${id}`, body)
      equal((await change({ name: 'other' })).status, 400, 'names stay')
      const changed = await change({ default_visibility: 'internal', needs_totp: false })
      deepEqual(
        [changed.json.display_name, changed.json.default_visibility],
        ['The docs', 'internal'],
      )
      equal((await change({ default_visibility: 'secret' })).status, 400)
      equal((await change({ default_visibility: null })).json.default_visibility, null)
      await change({ default_visibility: 'private' })
      const replaced = await change({ name: 'docs-team', display_name: 'Docs' }, 'PUT')
      deepEqual([replaced.json.display_name, replaced.json.default_visibility], ['Docs', null])
      equal((await change({}, 'PUT')).status, 400)
      equal((await by('alice', `DELETE /teams/${id}`)).status, 204)
      equal((await by('alice', `GET /teams/${id}`)).status, 404)
      equal((await by('alice', 'POST /teams', { name: 'docs-team' })).json.error.code, 'NAME_TAKEN')
    },
    { parts: { figures: async () => ({ libraries: 0, downloads: 0 }) } },
  ))

test('teams and users share their names, with the same rules', () =>
  withPeople(['alice', 'bob'], async (by, { accounts, store }) => {
    const name = async (name: string) => (await by('alice', 'POST /teams', { name })).status
    for (const bad of ['ab', '-abc', 'a--b', 'a_b', 'a.b']) equal(await name(bad), 400, bad)
    for (const taken of ['bob', 'b0b', 'admin', 'alice']) equal(await name(taken), 409, taken)
    equal(await name('docs-team'), 201)
    await rejects(accounts.createPrincipal({ handle: 'docs-team' }), fault('identity/handle-taken'))
    const team = await readScope(store.sql, 'docs-team')
    const user = await readScope(store.sql, 'bob')
    deepEqual([team?.kind, user?.kind], ['team', 'user'])
    equal(await readScope(store.sql, 'nobody'), undefined)
    await by('alice', 'PATCH /teams/docs-team', { default_visibility: 'private' })
    equal((await readScope(store.sql, 'docs-team'))?.defaultVisibility, 'private')
  }))

test('who may make teams, and how many', async () => {
  await withPeople(
    ['alice', 'boss'],
    async (by) => {
      equal((await by('alice', 'POST /teams', { name: 'docs-team' })).status, 403)
      equal((await by('boss', 'POST /teams', { name: 'docs-team' })).status, 201)
    },
    { settings: { teamsMadeBy: 'admins' } },
  )
  await withPeople(
    ['alice'],
    async (by) => {
      equal((await by('alice', 'POST /teams', { name: 'one-team' })).status, 201)
      equal((await by('alice', 'POST /teams', { name: 'another-team' })).status, 409)
    },
    { settings: { teamsPerMakerMax: 1 } },
  )
})

test('somebody is asked, and is in once they accept (POST /teams/:id/members, GET /invitations, POST /invitations/:id/accept, decline)', () =>
  withPeople(['alice', 'bob', 'carol'], async (by, people) => {
    await by('alice', 'POST /teams', { name: 'docs-team', display_name: 'The docs' })
    const invite = (username: string, role?: string) =>
      by('alice', 'POST /teams/docs-team/members', { username, role })
    const asked = await invite('bob', 'reader')
    equal(asked.status, 201)
    const { id } = await people.accounts.principal('bob')
    deepEqual(
      [
        asked.json.user_id,
        asked.json.username,
        asked.json.role,
        asked.json.state,
        asked.json.joined_at,
      ],
      [id, 'bob', 'reader', 'invited', null],
    )
    equal((await invite('nobody')).status, 404)
    equal((await invite('bob', 'owner')).status, 400)
    equal((await invite('alice')).status, 409)
    equal((await by('bob', 'GET /teams/docs-team')).status, 404, 'not yet')
    const again = await invite('@bob', 'member')
    const { json: mine } = await by('bob', 'GET /invitations')
    deepEqual(mine.invitations, [
      {
        id: again.json.invitation_id,
        team: mine.invitations[0].team,
        role: 'member',
        invited_by: 'alice',
        created_at: new Date(people.now()).toISOString(),
        expires_at: new Date(people.now() + 14 * dayMs).toISOString(),
      },
    ])
    deepEqual(
      [mine.invitations[0].team.name, mine.invitations[0].team.display_name],
      ['docs-team', 'The docs'],
    )
    const answer = (handle: string, how: string, invitation = again.json.invitation_id) =>
      by(handle, `POST /invitations/${invitation}/${how}`)
    equal((await answer('carol', 'accept')).status, 404, 'it is for bob')
    equal((await answer('bob', 'accept', asked.json.invitation_id)).status, 404, 'it was replaced')
    const joined = await answer('bob', 'accept')
    deepEqual([joined.status, joined.json.role, joined.json.members_count], [200, 'member', 2])
    equal((await answer('bob', 'accept')).status, 404)
    const { json: declined } = await invite('carol')
    equal((await answer('carol', 'decline', declined.invitation_id)).status, 204)
    deepEqual((await by('carol', 'GET /invitations')).json.invitations, [])
    const { json: late } = await invite('carol')
    people.pass(14 * dayMs)
    const session = await people.ask('POST /auth/login', { body: { username: 'carol', password } })
    const { token } = session.json
    deepEqual((await people.ask('GET /invitations', { token })).json.invitations, [])
    const accept = `POST /invitations/${late.invitation_id}/accept`
    equal((await people.ask(accept, { token })).status, 404)
  }))

test('members are seen by members, and who was asked by admins (GET /teams/:id/members)', () =>
  withPeople(['alice', 'bob', 'carol', 'dora'], async (by) => {
    await by('alice', 'POST /teams', { name: 'docs-team' })
    await joinTeam(by, 'bob')
    await by('alice', 'POST /teams/docs-team/members', { username: 'carol' })
    const { json: toAdmin } = await by('alice', 'GET /teams/docs-team/members')
    deepEqual(
      toAdmin.members.map(({ username, role }: { username: string; role: string }) => [
        username,
        role,
      ]),
      [
        ['alice', 'admin'],
        ['bob', 'member'],
      ],
    )
    match(toAdmin.members[0].joined_at, /^2027-01-04T12/)
    equal(toAdmin.invitations[0].username, 'carol')
    const { json: toMember } = await by('bob', 'GET /teams/docs-team/members')
    deepEqual(toMember, { members: toAdmin.members })
    for (const handle of ['carol', 'dora'])
      equal((await by(handle, 'GET /teams/docs-team/members')).status, 404)
  }))

test('roles are changed by admins; a team keeps one (PATCH, DELETE /teams/:id/members/:uid)', () =>
  withPeople(['alice', 'bob', 'carol', 'boss'], async (by, { accounts }) => {
    await by('alice', 'POST /teams', { name: 'docs-team' })
    await joinTeam(by, 'bob')
    await joinTeam(by, 'carol', 'reader')
    const member = (by_: string, how: string, who: string, body?: object) =>
      by(by_, `${how} /teams/docs-team/members/${who}`, body)
    equal((await member('bob', 'PATCH', 'carol', { role: 'member' })).status, 403)
    equal((await member('bob', 'DELETE', 'carol')).status, 403)
    const last = await member('alice', 'PATCH', 'alice', { role: 'member' })
    deepEqual([last.status, last.json.error.code], [409, 'LAST_ADMIN'])
    equal((await member('alice', 'DELETE', 'alice')).json.error.code, 'LAST_ADMIN')
    const { id } = await accounts.principal('bob')
    const raised = await member('alice', 'PATCH', id, { role: 'admin' })
    deepEqual([raised.json.username, raised.json.role], ['bob', 'admin'])
    equal((await member('alice', 'PATCH', 'nobody', { role: 'admin' })).status, 404)
    equal((await member('bob', 'PATCH', 'alice', { role: 'reader' })).status, 200)
    equal((await member('alice', 'PATCH', 'alice', { role: 'admin' })).status, 403, 'at once')
    equal((await member('carol', 'DELETE', 'carol')).status, 204, 'whoever likes leaves')
    equal((await member('carol', 'DELETE', 'carol')).status, 404)
    await accounts.people.update(await adminOf(accounts, by), 'bob', { isDisabled: true })
    equal(
      (await member('boss', 'PATCH', 'alice', { role: 'admin' })).status,
      200,
      'administrators may all',
    )
    equal((await member('boss', 'DELETE', 'bob')).status, 204)
    equal((await member('boss', 'DELETE', 'alice')).json.error.code, 'LAST_ADMIN')
    const { json } = await by('alice', 'POST /teams/docs-team/members', { username: 'carol' })
    equal((await member('alice', 'DELETE', 'carol')).status, 204, 'the invitation is taken back')
    equal((await by('carol', `POST /invitations/${json.invitation_id}/accept`)).status, 404)
  }))

test('who leaves a team loses the tokens that are good for it alone', () =>
  withPeople(['alice', 'bob'], async (by, people) => {
    await by('alice', 'POST /teams', { name: 'docs-team' })
    await joinTeam(by, 'bob')
    const make = async (libraries: readonly string[]) =>
      (await by('bob', 'POST /auth/tokens', { name: 'x', libraries })).json.token
    const ofTeam = await make(['@docs-team/*', '@docs-team/book'])
    const others = [
      await make(['@docs-team/*', '@bob/*']),
      await make(['@docs-*/*']),
      await make(['@*/*']),
    ]
    equal((await by('alice', 'DELETE /teams/docs-team/members/bob')).status, 204)
    equal((await people.ask('GET /users/me', { token: ofTeam })).status, 401)
    for (const token of others) {
      const { status, json } = await people.ask('GET /users/me', { token })
      deepEqual([status, json.teams], [200, []])
    }
  }))

test('a token manages a team only if it says so, for all of it', () =>
  withPeople(['alice', 'bob'], async (by, people) => {
    await by('alice', 'POST /teams', { name: 'docs-team' })
    const make = async (scopes: readonly string[], libraries: readonly string[]) =>
      (await by('alice', 'POST /auth/tokens', { name: 'x', scopes, libraries })).json.token
    const invite = async (token: string) =>
      (await people.ask('POST /teams/docs-team/members', { token, body: { username: 'bob' } }))
        .status
    equal(await invite(await make(['read', 'publish', 'yank'], ['@*/*'])), 403)
    equal(await invite(await make(['admin:team'], ['@other/*', '@docs-team/book'])), 403)
    const token = await make(['admin:team'], ['@docs-team/*'])
    equal(await invite(token), 201)
    equal((await people.ask('POST /teams', { token, body: { name: 'other-team' } })).status, 403)
    equal((await people.ask('GET /teams/docs-team', { token })).status, 200)
    equal((await people.ask('GET /teams')).status, 401)
  }))

test('where codes are demanded, whoever has none reads, and nothing else', () =>
  withPeople(['alice', 'bob'], async (by, people) => {
    const { accounts } = people
    await by('alice', 'POST /teams', { name: 'docs-team' })
    await joinTeam(by, 'bob')
    await by('alice', 'PATCH /teams/docs-team', { needs_totp: true })
    equal((await by('alice', 'PATCH /teams/docs-team', { needs_totp: false })).status, 403)
    deepEqual((await by('bob', 'GET /users/me')).json.teams, [
      { name: 'docs-team', role: 'reader' },
    ])
    const { secret } = await accounts.logins.beginTotp('bob')
    deepEqual((await by('bob', 'GET /users/me')).json.teams, [
      { name: 'docs-team', role: 'reader' },
    ])
    await accounts.logins.confirmTotp('bob', totpOf(secret, people.now()))
    deepEqual((await by('bob', 'GET /users/me')).json.teams, [
      { name: 'docs-team', role: 'member' },
    ])
  }))

test('a team that has libraries stays, and one that policies hang on', () =>
  withPeople(
    ['alice'],
    async (by, { accounts }) => {
      await by('alice', 'POST /teams', { name: 'docs-team' })
      await by('alice', 'POST /teams', { name: 'with-books' })
      const { status, json } = await by('alice', 'DELETE /teams/with-books')
      deepEqual([status, json.error.code], [409, 'CONFLICT'])
      equal((await by('alice', 'GET /teams/with-books')).json.members_count, 1, 'nothing was done')
      const team = { account: '', kind: 'team', name: 'docs-team' } as const
      await accounts.administration.attach(team, 'arn:aws:iam::aws:policy/AmazonS3FullAccess')
      equal((await by('alice', 'DELETE /teams/docs-team')).status, 409)
    },
    {
      parts: {
        mayRemoveTeam: async (tx, { name }) => {
          await tx.query`select 1 as one`
          if (name === 'with-books') throw personFault('identity/team-in-use')
        },
      },
    },
  ))

test('a group of IAM is a team: its members are plain ones, and IAM sees who joined otherwise', () =>
  withPeople(['alice', 'bob'], async (by, { accounts }) => {
    const { administration } = accounts
    const group = { account: '', kind: 'team', name: 'readers' } as const
    await administration.create(group, { facts: {} })
    await administration.addMember('', 'readers', 'bob')
    const { json } = await by('bob', 'GET /teams')
    deepEqual([json.teams[0].name, json.teams[0].role], ['readers', 'member'])
    equal((await by('bob', 'PATCH /teams/readers', { display_name: 'x' })).status, 403)
    await by('alice', 'POST /teams', { name: 'docs-team' })
    await joinTeam(by, 'bob', 'admin')
    deepEqual(
      (await administration.members('', 'docs-team')).map(({ name }) => name),
      ['alice', 'bob'],
    )
    deepEqual(
      (await administration.teamsOf('', 'bob')).map(({ name }) => name),
      ['docs-team', 'readers'],
    )
    await administration.attach(
      { account: '', kind: 'user', name: 'bob' },
      'arn:aws:iam::aws:policy/AmazonS3FullAccess',
    )
    equal(
      (await by('bob', 'GET /teams/docs-team')).json.role,
      'admin',
      'policies leave roles alone',
    )
    await administration.removeMember('', 'docs-team', 'bob')
    equal((await by('bob', 'GET /teams/docs-team')).status, 404)
    await administration.addMember('', 'docs-team', 'bob')
    equal(
      (await by('bob', 'GET /teams/docs-team')).json.role,
      'member',
      'nothing of before is left',
    )
    await rejects(
      administration.remove({ account: '', kind: 'team', name: 'docs-team' }),
      fault('identity/still-in-use'),
    )
  }))

async function adminOf(
  accounts: PeopleStore['accounts'],
  by: (handle: string, what: string) => Promise<Answer>,
) {
  equal((await by('boss', 'GET /users/me')).json.is_admin, true)
  const { token } = await accounts.signIns.login({ name: 'boss', password })
  return await accounts.tokens.authenticate(token.text)
}
