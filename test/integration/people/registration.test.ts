/** How people come, sign in and go: endpoints 1 to 3 and 7 of the first design, invitations, and what administrators do. */
import { deepEqual, equal, match, notEqual, rejects, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { openRateTables, RateLimits } from '#api/rate-limits'
import { fault } from '../../fault.ts'
import { openPeopleStore, type PeopleStore, password, startedAt, totpOf } from '../../people.ts'

const newPerson = { username: 'alice', email: 'alice@example.org', password }
const hourMs = 3_600_000

async function register(
  { ask }: PeopleStore,
  more: object = {},
): Promise<readonly [status: number, code: string | undefined]> {
  const { status, json } = await ask('POST /auth/register', { body: { ...newPerson, ...more } })
  return [status, json.error?.code]
}

const login = ({ ask }: PeopleStore, body: object = { username: 'alice', password }) =>
  ask('POST /auth/login', { body })

test('whoever registers signs in and asks who they are (POST /auth/register, POST /auth/login, GET /users/me)', async () => {
  await using people = await openPeopleStore({
    settings: { registration: 'open' },
    parts: { figures: async () => ({ libraries: 3, downloads: 70 }) },
  })
  const made = await people.ask('POST /auth/register', { body: newPerson })
  equal(made.status, 201)
  const { id } = made.json
  match(id, /^[0-9a-f]{64}$/)
  deepEqual(made.json, {
    id,
    username: 'alice',
    email: 'alice@example.org',
    created_at: made.json.created_at,
  })
  const signedIn = await login(people, { username: 'Alice', password })
  equal(signedIn.status, 200)
  const { token, ...rest } = signedIn.json
  match(token, /^mdl_[\w-]{43}$/)
  deepEqual(rest, {
    expires_at: new Date(startedAt + 12 * hourMs).toISOString(),
    user: { id, username: 'alice' },
  })
  const { json: me } = await people.ask('GET /users/me', { token })
  deepEqual(
    [me.id, me.username, me.email, me.libraries_count, me.total_downloads, me.is_admin],
    [id, 'alice', 'alice@example.org', 3, 70, false],
  )
  deepEqual(me.token, {
    id: me.token.id,
    name: 'login',
    kind: 'login',
    scopes: ['read', 'publish', 'yank', 'admin:team'],
    libraries: ['@*/*'],
    expires_at: rest.expires_at,
  })
  equal(
    (await people.ask('PATCH /users/me', { token, body: { display_name: 'Alice A.' } })).status,
    204,
  )
  const { json: seen } = await people.ask('GET /users/alice')
  deepEqual([seen.display_name, seen.libraries_count, seen.email], ['Alice A.', 3, undefined])
  equal((await people.ask('GET /users/nobody')).status, 404)
  equal((await people.ask('POST /auth/logout', { token })).status, 204)
  for (const what of ['GET /users/me', 'POST /auth/logout'])
    equal((await people.ask(what, { token })).status, 401, what)
  equal((await people.ask('GET /users/me')).status, 401)
})

test('names that cannot be had: malformed, reserved, taken by a user or a team, once had, or easily mistaken', async () => {
  await using people = await openPeopleStore({
    settings: { registration: 'open', reservedNames: ['acme'] },
  })
  const token = await people.join('carol')
  await people.ask('POST /teams', { token, body: { name: 'paperworks' } })
  await people.accounts.createPrincipal({ handle: 'dave' })
  await people.accounts.removePrincipal('dave')
  await people.accounts.createPrincipal({ handle: 'erin' })
  await people.accounts.updatePrincipal('erin', { handle: 'erna' })
  const named = (username: string) => register(people, { username, email: `${username}@x.org` })
  for (const name of [
    'al',
    '-alice',
    'alice-',
    'al--ice',
    'al ice',
    'al.ice',
    'al_ice',
    'älice',
    'K'.repeat(33),
    'aliceK'.replace('K', '\u212a'),
  ])
    deepEqual(await named(name), [400, 'INVALID_REQUEST'], name)
  for (const name of ['admin', 'API', 'acme', 'carol', 'CAROL', 'paperworks', 'dave', 'erin'])
    deepEqual(await named(name), [409, 'NAME_TAKEN'], name)
  for (const name of ['car0l', 'caro1', 'ca-rol', 'papervvorks', 'paperwor-ks'])
    deepEqual(await named(name), [409, 'NAME_TAKEN'], name)
  deepEqual(await named('caroline'), [201, undefined])
  deepEqual(await register(people), [201, undefined])
  deepEqual(await register(people, { username: 'other' }), [409, 'NAME_TAKEN'], 'the address')
  deepEqual(await register(people, { username: 'other', email: 'no address' }), [
    400,
    'INVALID_REQUEST',
  ])
  await people.accounts.createPrincipal({ handle: 'dave' }) // an administrator may
})

test('passwords: eight characters, and none that everybody tries', async () => {
  await using people = await openPeopleStore({ settings: { registration: 'open' } })
  const refused = [
    'short12',
    'password',
    'Password1',
    'qwertyuiop!!',
    '12345678',
    'aaaaaaaaaa',
    'alice@example.org',
    'alice2027',
    '!!!!!!!!',
    'x'.repeat(257),
  ]
  for (const text of refused)
    deepEqual(await register(people, { password: text }), [400, 'INVALID_REQUEST'], text)
  deepEqual(await register(people, { password: 'tr0ub4dor' }), [201, undefined])
})

test('who may come: nobody, whoever is invited, or everybody', async () => {
  for (const [registration, expected] of [
    ['closed', [403, 'REGISTRATION_CLOSED']],
    ['invite', [403, 'INVITATION_REQUIRED']],
    ['open', [201, undefined]],
  ] as const) {
    await using people = await openPeopleStore({ settings: { registration } })
    deepEqual(await register(people), expected, registration)
  }
})

test('an invitation is good once, for whom it is meant, and until it is over (POST, GET, DELETE /auth/invitations)', async () => {
  await using people = await openPeopleStore()
  const { ask } = people
  const token = await people.join('boss', { isAdmin: true })
  const invite = async (body: object) => (await ask('POST /auth/invitations', { token, body })).json
  const forAlice = await invite({ email: 'Alice@example.org' })
  match(forAlice.code, /^mdi_[\w-]{32}$/)
  const missing = [404, 'NOT_FOUND']
  deepEqual(await register(people, { invitation: 'mdi_nothing' }), missing)
  const { code: invitation } = forAlice
  deepEqual(await register(people, { invitation, email: 'eve@example.org' }), missing)
  deepEqual(await register(people, { invitation, password: 'password' }), [400, 'INVALID_REQUEST'])
  deepEqual(await register(people, { invitation }), [201, undefined])
  notEqual((await people.accounts.people.find('alice'))?.emailVerifiedAt, undefined)
  deepEqual(await register(people, { invitation, username: 'again' }), missing)
  const forAnybody = await invite({ expires_in_days: 2 })
  const withdrawn = await invite({})
  const { json } = await ask('GET /auth/invitations', { token })
  deepEqual(
    json.invitations.map(({ id }: { id: string }) => id),
    [withdrawn.id, forAnybody.id],
  )
  equal((await ask(`DELETE /auth/invitations/${withdrawn.id}`, { token })).status, 204)
  equal((await ask(`DELETE /auth/invitations/${withdrawn.id}`, { token })).status, 404)
  const bob = { username: 'bob', email: 'bob@example.org' }
  deepEqual(await register(people, { ...bob, invitation: withdrawn.code }), missing)
  people.pass(49 * hourMs)
  deepEqual(await register(people, { ...bob, invitation: forAnybody.code }), missing)
  const { json: session } = await login(people)
  for (const what of ['POST /auth/invitations', 'GET /auth/invitations'])
    equal((await ask(what, { token: session.token, body: {} })).status, 403)
  const rows = await people.store.sql.query<{ body: string }>`select * from invitation`
  equal(JSON.stringify(rows).includes(forAnybody.code), false)
})

test('two who register with one name at the same moment: one of them gets it', async () => {
  await using people = await openPeopleStore({ settings: { registration: 'open' } })
  const both = await Promise.all([
    register(people),
    register(people, { email: 'other@example.org' }),
    register(people, { username: 'a1ice', email: 'third@example.org' }),
  ])
  deepEqual(both.map(([status]) => status).sort(), [201, 409, 409])
})

test('an unknown name, a wrong password and a disabled user are answered alike, and too many attempts wait', async () => {
  await using people = await openPeopleStore()
  await people.join('alice')
  await people.join('gone')
  const token = await people.join('boss', { isAdmin: true })
  await people.ask('PATCH /admin/users/gone', { token, body: { disabled: true } })
  const answers = [
    await login(people, { username: 'alice', password: 'not this one' }),
    await login(people, { username: 'nobody', password }),
    await login(people, { username: 'gone', password }),
  ]
  for (const answer of answers) deepEqual(answer, answers[0])
  equal(answers[0]?.status, 401)
  for (let attempt = 1; attempt < 5; attempt += 1)
    equal((await login(people, { username: 'alice', password: 'nor this' })).status, 401)
  const { status, json } = await login(people)
  deepEqual([status, json.error.code], [429, 'RATE_LIMIT_EXCEEDED'])
  people.pass(2_000)
  equal((await login(people)).status, 200)
})

test('who guesses passwords is counted by address, whatever names they try', async () => {
  await using people = await openPeopleStore()
  const world = { randomBytes: people.store.world.randomBytes, now: people.now }
  const rule = { perSecond: 0.1, burst: 3 }
  const rates = new RateLimits(openRateTables({ failures: rule }, world), { world })
  for (const name of ['ann', 'ben', 'cat']) {
    rates.admitAddress('192.0.2.1')
    const guess = people.accounts.signIns.login({ name, password })
    await guess.catch((error: unknown) => rates.noteFailure('192.0.2.1', error))
  }
  throws(() => rates.admitAddress('192.0.2.1'), fault('api/slow-down'))
  rates.admitAddress('192.0.2.2')
})

test('a new password ends other sign-ins, and takes the old one (POST /auth/password)', async () => {
  await using people = await openPeopleStore()
  const { ask } = people
  const token = await people.join('alice')
  const { json: other } = await login(people)
  const { json: api } = await ask('POST /auth/tokens', { token, body: { name: 'ci' } })
  const change = (body: object, by = token) => ask('POST /auth/password', { token: by, body })
  const next = 'another four words here'
  equal((await change({ new_password: next })).status, 401)
  equal((await change({ current_password: 'not it', new_password: next })).status, 401)
  equal((await change({ current_password: password, new_password: 'password' })).status, 400)
  equal((await change({ current_password: password, new_password: next }, api.token)).status, 403)
  equal((await change({ current_password: password, new_password: next })).status, 204)
  equal((await ask('GET /users/me', { token })).status, 200)
  equal((await ask('GET /users/me', { token: api.token })).status, 200)
  equal((await ask('GET /users/me', { token: other.token })).status, 401)
  equal((await login(people)).status, 401)
  equal((await login(people, { username: 'alice', password: next })).status, 200)
})

test('codes are asked for once one is confirmed, and only a code takes that away (POST /auth/totp, /auth/totp/confirm, DELETE /auth/totp)', async () => {
  await using people = await openPeopleStore()
  const { ask } = people
  const token = await people.join('alice')
  equal((await ask('POST /auth/totp', { token, body: {} })).status, 401)
  const begun = await ask('POST /auth/totp', { token, body: { password } })
  equal(begun.status, 201)
  const { secret, uri, recovery_codes: recovery } = begun.json
  match(uri, /^otpauth:\/\/totp\//)
  equal((await login(people)).status, 200)
  const confirm = (code: string) => ask('POST /auth/totp/confirm', { token, body: { code } })
  equal((await confirm('000')).status, 401)
  equal((await confirm(totpOf(secret, people.now()))).status, 204)
  equal((await confirm(totpOf(secret, people.now()))).status, 409)
  const { status, json } = await login(people)
  deepEqual([status, json.error.code], [401, 'CODE_REQUIRED'])
  equal(
    (await login(people, { username: 'alice', password: 'not it' })).json.error.code,
    'UNAUTHORIZED',
  )
  people.pass(30_000)
  const code = totpOf(secret, people.now())
  equal((await login(people, { username: 'alice', password, code })).status, 200)
  equal((await login(people, { username: 'alice', password, code })).status, 401)
  equal((await login(people, { username: 'alice', password, code: recovery[0] })).status, 200)
  const { json: me } = await ask('GET /users/me', { token })
  deepEqual([me.has_totp, me.recovery_codes], [true, recovery.length - 1])
  equal((await ask('POST /auth/totp', { token, body: { password } })).status, 409)
  const remove = (given: string) => ask('DELETE /auth/totp', { token, body: { code: given } })
  equal((await remove('123')).status, 401)
  equal((await remove(recovery[0])).status, 401, 'it was used')
  equal((await remove(recovery[1])).status, 204)
  equal((await remove(recovery[2])).status, 409)
  equal((await login(people)).status, 200)
})

test('administrators see, add and change users; nobody else does (GET, POST, PATCH /admin/users)', async () => {
  await using people = await openPeopleStore({ settings: { registration: 'closed' } })
  const { ask } = people
  const token = await people.join('boss', { isAdmin: true })
  const alice = await people.join('alice')
  for (const what of ['GET /admin/users', 'GET /admin/users/boss', 'GET /admin/audit'])
    equal((await ask(what, { token: alice })).status, 403, what)
  equal(
    (await ask('PATCH /admin/users/alice', { token: alice, body: { role: 'admin' } })).status,
    403,
  )
  const { json: api } = await ask('POST /auth/tokens', {
    token,
    body: { name: 'x', scopes: ['admin:team'] },
  })
  equal(
    (await ask('GET /admin/users', { token: api.token })).status,
    403,
    'a program is no administrator',
  )
  const added = await ask('POST /admin/users', {
    token,
    body: { ...newPerson, username: 'Bob.b', email: 'bob@example.org' },
  })
  deepEqual([added.status, added.json.username, added.json.role], [201, 'bob.b', 'user'])
  const { json: page } = await ask('GET /admin/users?per_page=2&page=2', { token })
  deepEqual(page.pagination, { page: 2, per_page: 2, total: 3, total_pages: 2 })
  deepEqual(
    page.users.map(({ username }: { username: string }) => username),
    ['boss'],
  )
  const { json: found } = await ask('GET /admin/users?q=BOB', { token })
  deepEqual(
    found.users.map(({ username }: { username: string }) => username),
    ['bob.b'],
  )
  equal((await ask('GET /admin/users?q=%25', { token })).json.pagination.total, 0)
  const change = async (body: object, name = 'alice') =>
    (await ask(`PATCH /admin/users/${name}`, { token, body })).status
  equal(await change({ role: 'admin', email: 'new@example.org' }), 200)
  const { json: seen } = await ask('GET /admin/users/alice', { token: alice })
  deepEqual([seen.role, seen.email], ['admin', 'new@example.org'])
  equal(await change({ role: 'user' }), 200)
  equal((await ask('GET /admin/users', { token: alice })).status, 403, 'at once')
  equal(await change({ disabled: true }, 'boss'), 409)
  equal(await change({ role: 'user' }, 'boss'), 409)
  equal(await change({ disabled: true }), 200)
  equal((await ask('GET /users/me', { token: alice })).status, 401)
  equal((await ask('GET /users/alice')).status, 404)
  equal(await change({ disabled: false, password: 'a password made anew', has_totp: false }), 200)
  equal((await ask('GET /users/me', { token: alice })).status, 401, 'it stays revoked')
  equal((await login(people, { username: 'alice', password: 'a password made anew' })).status, 200)
  equal(await change({}, 'nobody'), 404)
  equal((await ask('GET /admin/audit', { token })).status, 404)
})

test('the administrator that the settings name is made once, and never with a password of the examples', async () => {
  await using people = await openPeopleStore()
  const { registration } = people.accounts
  const admin = { username: 'admin', email: 'admin@example.org', password }
  for (const sample of ['changeme', 'admin', 'Your-Secure-Password'])
    await rejects(
      registration.ensureAdmin({ ...admin, password: sample }),
      fault('identity/sample-password'),
    )
  const made = await registration.ensureAdmin(admin)
  deepEqual([made.handle, made.isAdmin], ['admin', true])
  const again = await registration.ensureAdmin({ ...admin, password: 'something else altogether' })
  deepEqual(again, made)
  equal((await login(people, { username: 'admin', password })).status, 200)
  const twins = { ...admin, username: 'twins', email: 'twins@example.org' }
  const both = await Promise.all([registration.ensureAdmin(twins), registration.ensureAdmin(twins)])
  deepEqual(both[0], both[1], 'two instances that begin at the same moment')
  await people.join('alice')
  const raised = await registration.ensureAdmin({ ...admin, username: 'alice' })
  deepEqual([raised.handle, raised.isAdmin], ['alice', true])
})

test('the audit log is read by administrators (GET /admin/audit)', async () => {
  const line = JSON.stringify({
    sequence: 1,
    at: '2027-01-04T12:00:00.000Z',
    operation: 'Login',
    status: 200,
    previous: '0'.repeat(64),
  })
  await using people = await openPeopleStore({
    parts: { auditLog: { newest: async () => [line, 'half a li'] } },
  })
  const token = await people.join('boss', { isAdmin: true })
  const { status, json } = await people.ask('GET /admin/audit?limit=10', { token })
  deepEqual([status, json.entries.length], [200, 1])
  equal((await people.ask('GET /admin/audit?limit=0', { token })).status, 400)
})
