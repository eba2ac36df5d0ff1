/** Bearer tokens: endpoints 4 to 6 of the first design, what a token reaches, and when it ends. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Accounts } from '#identity/accounts'
import { isAllowed, type UserActor } from '#identity/actor'
import { apiTokensMax, loginTokensMax } from '#identity/tokens'
import { fault } from '../../fault.ts'
import { openPeopleStore, type PeopleStore, password } from '../../people.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

interface Made {
  readonly id: string
  readonly token: string
  readonly expires_at: string | null
  readonly scopes: readonly string[]
  readonly libraries: readonly string[]
}

async function make(
  { ask }: PeopleStore,
  token: string,
  body: object = {},
): Promise<Made & { readonly status: number }> {
  const { status, json } = await ask('POST /auth/tokens', { token, body: { name: 'ci', ...body } })
  return { status, ...json }
}

const actorOf = ({ accounts }: PeopleStore, token: string): Promise<UserActor> =>
  accounts.tokens.authenticate(token)

test('a token is made, listed without being shown again, and revoked (POST, GET /auth/tokens, DELETE /auth/tokens/:id)', async () => {
  await using people = await openPeopleStore()
  const { ask } = people
  const session = await people.join('alice')
  const made = await make(people, session, { name: 'build server', expires_in_days: 30 })
  equal(made.status, 201)
  match(made.token, /^mdl_[\w-]{43}$/)
  equal(made.expires_at, new Date(people.now() + 30 * dayMs).toISOString())
  const { json } = await ask('GET /auth/tokens', { token: session })
  equal(json.tokens.length, 2)
  const [listed, login] = json.tokens
  deepEqual(
    [listed.id, listed.name, listed.kind, listed.scopes, listed.libraries, listed.created_ip],
    [made.id, 'build server', 'api', ['read', 'publish'], ['@*/*'], '192.0.2.1'],
  )
  ok(made.token.startsWith(listed.prefix) && listed.prefix.length === 12)
  deepEqual([login.kind, login.is_current, listed.is_current], ['login', true, false])
  equal(JSON.stringify(json).includes(made.token), false)
  const rows = await people.store.sql.query`select * from bearer_token`
  equal(JSON.stringify(rows).includes(made.token), false, 'only its hash is kept')
  const bob = await people.join('bob')
  const revoke = (token: string, id = made.id) => ask(`DELETE /auth/tokens/${id}`, { token })
  equal((await revoke(bob)).status, 404, 'another’s is as one that is not there')
  equal((await revoke(session)).status, 204)
  equal((await revoke(session)).status, 404)
  equal((await ask('GET /users/me', { token: made.token })).status, 401)
  const [row] = await people.store.sql.query<{ revoked_at: number }>`
    select revoked_at from bearer_token where id = ${made.id}`
  equal(row?.revoked_at, people.now(), 'that it was there is kept')
})

test('a program’s token makes and sees no others, but may end itself', async () => {
  await using people = await openPeopleStore()
  const { ask } = people
  const session = await people.join('alice')
  const { token, id } = await make(people, session)
  const other = await make(people, session)
  equal((await make(people, token)).status, 403)
  equal((await ask('GET /auth/tokens', { token })).status, 403)
  equal((await ask(`DELETE /auth/tokens/${other.id}`, { token })).status, 403)
  equal((await ask(`DELETE /auth/tokens/${id}`, { token })).status, 204)
  equal((await ask('POST /auth/logout', { token: other.token })).status, 204)
  for (const ended of [token, other.token])
    equal((await ask('GET /users/me', { token: ended })).status, 401)
})

test('how long a token is good: what changes something at most 90 days, what reads as long as it likes', async () => {
  await using people = await openPeopleStore()
  const session = await people.join('alice')
  const asked = async (body: object) => await make(people, session, body)
  const inDays = (days: number): string => new Date(people.now() + days * dayMs).toISOString()
  equal((await asked({})).expires_at, inDays(90))
  equal((await asked({ expires_in_days: null })).expires_at, inDays(90))
  for (const expires_in_days of [0, -1, 1.5, 91, 'never', 'always'])
    equal((await asked({ expires_in_days })).status, 400, String(expires_in_days))
  equal((await asked({ scopes: ['read'], expires_in_days: 3650 })).expires_at, inDays(3650))
  equal((await asked({ scopes: ['read'], expires_in_days: 'never' })).expires_at, null)
  const short = await asked({ expires_in_days: 1 })
  people.pass(dayMs - 1)
  equal((await people.ask('GET /users/me', { token: short.token })).status, 200)
  people.pass(1)
  const { status, json } = await people.ask('GET /users/me', { token: short.token })
  deepEqual([status, json.error.code], [401, 'TOKEN_EXPIRED'])
  equal((await people.ask('GET /users/me', { token: session })).status, 401, 'of a sign-in: hours')
  equal(
    (await people.ask('GET /users/me', { token: 'mdl_nothing' })).json.error.code,
    'UNAUTHORIZED',
  )
})

test('a token reaches its scopes in its libraries, and nothing beside them', async () => {
  await using people = await openPeopleStore()
  const session = await people.join('alice')
  const { token } = await make(people, session, {
    scopes: ['publish', 'read', 'publish'],
    libraries: ['docs/*', '@docs/*', '@alice/hand-*', '@team-*/book'],
  })
  const { token: told } = await actorOf(people, token)
  deepEqual(told.scopes, ['read', 'publish'])
  deepEqual(told.globs, ['@docs/*', '@alice/hand-*', '@team-*/book'])
  const reaches = (library: string) => isAllowed(told, 'publish', library)
  for (const library of ['@docs/a', '@alice/hand-book', '@team-x/book'])
    ok(reaches(library), library)
  for (const library of [
    '@docs2/a',
    '@docs/a/b',
    '@alice/book',
    '@alice/hand',
    '@team-x/books',
    'docs/a',
    '@docs',
    '',
  ])
    equal(reaches(library), false, library)
  equal(isAllowed(told, 'yank', '@docs/a'), false)
  for (const libraries of [[], ['@docs'], ['@docs/a/b'], ['@Docs/a'], ['@docs/?'], ['*']])
    equal((await make(people, session, { libraries })).status, 400, String(libraries))
  for (const scopes of [[], ['write'], ['admin']])
    equal((await make(people, session, { scopes })).status, 400)
  for (const name of ['', 'a\nb', 'x'.repeat(101)])
    equal((await make(people, session, { name })).status, 400)
})

test('that a token is used is noted to the hour, with where from, in one change', async () => {
  await using people = await openPeopleStore()
  const { store } = people
  const session = await people.join('alice')
  const { token, id } = await make(people, session)
  people.pass(hourMs / 2)
  const use = (address: string) => people.ask('GET /users/me', { token, address })
  const noted = async () => {
    const { json } = await people.ask('GET /auth/tokens', { token: session })
    return json.tokens.find((one: { id: string }) => one.id === id)
  }
  equal((await noted()).last_used_at, null)
  await use('198.51.100.7')
  while ((await noted()).last_used_at === null) await setImmediate()
  const { last_used_at, last_used_ip, last_user_agent } = await noted()
  equal(last_used_at, '2027-01-04T12:00:00.000Z')
  deepEqual([last_used_ip, last_user_agent], ['198.51.100.7', 'a test'])
  const committed = store.changelog.committed()
  await use('198.51.100.8')
  await use('198.51.100.9')
  await setImmediate()
  equal(store.changelog.committed(), committed)
})

test('a disabled or removed user’s tokens open nothing; nor do their keys', async () => {
  await using people = await openPeopleStore()
  const { accounts, ask } = people
  const admin = await people.join('boss', { isAdmin: true })
  const { token } = await make(people, await people.join('alice'))
  const { accessKeyId } = await accounts.createKey('alice')
  ok(await accounts.findKey(accessKeyId))
  await ask('PATCH /admin/users/alice', { token: admin, body: { disabled: true } })
  equal((await ask('GET /users/me', { token })).status, 401)
  equal(await accounts.findKey(accessKeyId), undefined)
  await ask('PATCH /admin/users/alice', { token: admin, body: { disabled: false } })
  ok(await accounts.findKey(accessKeyId))
  const bob = await make(people, await people.join('bob'))
  await accounts.removePrincipal('bob')
  equal((await ask('GET /users/me', { token: bob.token })).status, 401)
  deepEqual(await people.store.sql.query`select id from bearer_token where id = ${bob.id}`, [])
})

test('the teams of a token are those of its user at each request', async () => {
  await using people = await openPeopleStore()
  const { accounts } = people
  const admin = await people.join('alice')
  await people.ask('POST /teams', { token: admin, body: { name: 'docs-team' } })
  const { token } = await make(people, await people.join('bob'))
  const teams = async () => [...(await actorOf(people, token)).teams]
  deepEqual(await teams(), [])
  await accounts.administration.addMember('', 'docs-team', 'bob')
  deepEqual(await teams(), [['docs-team', 'member']])
  await people.ask('PATCH /teams/docs-team/members/bob', { token: admin, body: { role: 'reader' } })
  deepEqual(await teams(), [['docs-team', 'reader']])
  await accounts.administration.removeMember('', 'docs-team', 'bob')
  deepEqual(await teams(), [])
})

test('what one instance changes, another one on the same database knows at the next request', async () => {
  await using people = await openPeopleStore()
  const { sql, changelog, keyring, world } = people.store
  const other = new Accounts({ sql, changelog, keyring, world })
  const session = await people.join('alice')
  const { token, id } = await make(people, session)
  equal((await other.tokens.authenticate(token)).handle, 'alice')
  await people.ask('POST /teams', { token: session, body: { name: 'docs-team' } })
  equal((await other.tokens.authenticate(token)).teams.get('docs-team'), 'admin')
  await people.ask(`DELETE /auth/tokens/${id}`, { token: session })
  await rejects(other.tokens.authenticate(token), fault('identity/unknown-token'))
})

test('so many tokens and no more; who signs in again and again loses the oldest session', async () => {
  await using people = await openPeopleStore()
  const { accounts } = people
  const first = await people.join('alice')
  for (let made = 0; made < apiTokensMax; made += 1) equal((await make(people, first)).status, 201)
  equal((await make(people, first)).status, 409)
  const { id } = await accounts.principal('alice')
  const sessions = Array.from({ length: loginTokensMax - 1 }, () =>
    people.store.changelog.commit((tx) => accounts.tokens.openLogin(tx, id, {})),
  )
  await Promise.all(sessions)
  equal((await people.ask('GET /users/me', { token: first })).status, 200)
  const { json } = await people.ask('POST /auth/login', { body: { username: 'alice', password } })
  equal((await people.ask('GET /users/me', { token: first })).status, 401)
  equal((await people.ask('GET /users/me', { token: json.token })).status, 200)
})

test('tokens that ended long ago are forgotten', async () => {
  await using people = await openPeopleStore()
  await people.join('alice')
  people.pass(31 * dayMs)
  await people.ask('POST /auth/login', { body: { username: 'alice', password } })
  const rows = await people.store.sql.query`select id from bearer_token`
  equal(rows.length, 1)
})
