/** Signing in elsewhere (OpenID Connect with PKCE), and publishing by whom an issuer vouches for: with an issuer of the real protocol, over real sockets. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { AccountSettings } from '#identity/settings'
import type { TrustingLibrary } from '#identity/trusted-publishing'
import { client, type Issuer, startIssuer } from '../../issuer.ts'
import {
  type Answer,
  openPeopleStore,
  type PeopleStore,
  password,
  startedAt,
} from '../../people.ts'

let issuer: Issuer
let now = startedAt
const alice = {
  sub: 'user-7',
  preferred_username: 'Alice',
  email: 'alice@example.org',
  email_verified: true,
  name: 'Alice A.',
}

before(async () => {
  issuer = await startIssuer({ now: () => now })
})
beforeEach(() => {
  now = startedAt
  issuer.person = alice
  issuer.clientAuth = 'client_secret_basic'
})
after(() => issuer[Symbol.asyncDispose]())

function open(
  settings: Partial<AccountSettings> = {},
  provider: object = {},
): Promise<PeopleStore> {
  const { id: clientId, secret } = client
  const house = { id: 'house', name: 'The house', url: issuer.url, clientId, secret, ...provider }
  return openPeopleStore({ settings: { registration: 'open', providers: [house], ...settings } })
}

interface Way {
  /** Of `start`. */
  readonly query?: string
  readonly token?: string
  /** What happens to the browser's way back. */
  readonly bend?: (back: URL) => void
  readonly cookie?: string
}

/** A browser's: to the provider, and back with its cookie. */
async function signOn(
  { ask }: PeopleStore,
  { query = '', token, bend, cookie }: Way = {},
): Promise<Answer> {
  const start = await ask(
    `GET /auth/oidc/house/start${query}`,
    token === undefined ? {} : { token },
  )
  if (start.status !== 302) return start
  const there = await fetch(String(start.headers['location']), { redirect: 'manual' })
  equal(there.status, 302)
  const back = new URL(there.headers.get('location') ?? '')
  equal(`${back.origin}${back.pathname}`, 'http://registry.example/api/v1/auth/oidc/house/callback')
  bend?.(back)
  const [kept = ''] = String(start.headers['set-cookie']).split(';')
  return await ask(`GET ${back.pathname.replace('/api/v1', '')}${back.search}`, {
    headers: { cookie: `other=1; ${cookie ?? kept}` },
  })
}

test('somebody new comes from a provider, and is the same the next time (GET /auth/oidc, /auth/oidc/:provider/start, callback)', async () => {
  await using people = await open()
  const { json } = await people.ask('GET /auth/oidc')
  deepEqual(json.providers, [
    { id: 'house', name: 'The house', start_url: '/api/v1/auth/oidc/house/start' },
  ])
  const first = await signOn(people)
  equal(first.status, 200)
  match(first.json.token, /^mdl_/)
  equal(first.json.user.username, 'alice')
  const { json: me } = await people.ask('GET /users/me', { token: first.json.token })
  deepEqual(
    [me.email, me.display_name, me.has_password, me.email_verified_at],
    ['alice@example.org', 'Alice A.', false, new Date(startedAt).toISOString()],
  )
  issuer.person = { ...alice, preferred_username: 'renamed', email: 'other@example.org' }
  const again = await signOn(people)
  deepEqual(again.json.user, first.json.user)
  issuer.person = { ...alice, sub: 'user-8' }
  const other = await signOn(people)
  equal(other.json.user.username, 'alice-2', 'the name is taken')
  const { json: them } = await people.ask('GET /users/me', { token: other.json.token })
  equal(them.email, null, 'so is the address, which proves nothing here')
})

test('what the start asks for, and what it keeps in the browser', async () => {
  await using people = await open()
  const { headers } = await people.ask('GET /auth/oidc/house/start?next=/settings')
  const url = new URL(String(headers['location']))
  const asked = Object.fromEntries(url.searchParams)
  deepEqual(
    [asked['audience'], asked['response_type'], asked['scope'], asked['code_challenge_method']],
    ['x', 'code', 'openid profile email', 'S256'],
  )
  for (const name of ['state', 'nonce', 'code_challenge']) match(asked[name] ?? '', /^[\w-]{43}$/)
  const cookie = String(headers['set-cookie'])
  match(cookie, /; Path=\/api\/v1\/auth\/oidc; Max-Age=900; HttpOnly; SameSite=Lax$/)
  for (const name of ['state', 'nonce']) equal(cookie.includes(asked[name] ?? ''), false)
  equal((await people.ask('GET /auth/oidc/nowhere/start')).status, 404)
  for (const next of ['//evil.example', '/%5Cevil.example', 'https://evil.example', 'settings'])
    equal((await people.ask(`GET /auth/oidc/house/start?next=${next}`)).status, 400, next)
})

test('every way that clients prove themselves to providers', async () => {
  for (const clientAuth of ['client_secret_basic', 'client_secret_post'] as const) {
    issuer.clientAuth = clientAuth
    await using people = await open()
    equal((await signOn(people)).status, 200, clientAuth)
  }
  issuer.clientAuth = 'none'
  await using people = await open({}, { secret: undefined })
  equal((await signOn(people)).status, 200, 'a public client')
  await using wrong = await open({}, { secret: 'not it' })
  issuer.clientAuth = 'client_secret_post'
  equal((await signOn(wrong)).status, 403)
})

test('a way back that is not of this browser, this sign-in, or this provider opens nothing', async () => {
  await using people = await open()
  const fails = async (way: Way, what: string) => {
    const { status, json } = await signOn(people, way)
    deepEqual([status, json.error.code], [403, 'FORBIDDEN'], what)
  }
  await fails({ cookie: 'none=1' }, 'no cookie')
  await fails({ cookie: 'mdlibs-sign-on=1.x.y' }, 'a forged cookie')
  const other = await people.ask('GET /auth/oidc/house/start')
  const [cookie = ''] = String(other.headers['set-cookie']).split(';')
  await fails({ cookie }, 'the cookie of another sign-in')
  await fails({ bend: ({ searchParams }) => searchParams.set('state', 'x') }, 'another state')
  await fails({ bend: ({ searchParams }) => searchParams.set('code', 'x') }, 'another code')
  await fails({ bend: ({ searchParams }) => searchParams.delete('code') }, 'no code')
  await fails(
    { bend: ({ searchParams }) => searchParams.set('iss', 'https://evil.example') },
    'another provider',
  )
  await fails(
    { bend: ({ searchParams }) => searchParams.set('error', 'access_denied') },
    'an error',
  )
  await fails({ bend: () => people.pass(16 * 60_000) }, 'too late')
  now = people.now()
  for (const claims of [
    { nonce: 'x' },
    { aud: 'another' },
    { azp: 'another', aud: [client.id, 'another'] },
    { exp: Math.floor(now / 1000) - 100 },
    { iss: 'https://evil.example' },
    { sub: undefined },
  ]) {
    issuer.person = { ...alice, ...claims }
    await fails({}, JSON.stringify(claims))
  }
  issuer.person = alice
  let used: URL | undefined
  const first = await signOn(people, {
    bend: (back) => {
      used = new URL(back)
    },
  })
  equal(first.status, 200)
  await fails(
    { bend: (back) => back.searchParams.set('code', used?.searchParams.get('code') ?? '') },
    'a code twice',
  )
})

test('who may come from a provider: whom registration admits, or everybody the provider knows', async () => {
  const codes = async (people: PeopleStore, way: Way = {}) => {
    const { status, json } = await signOn(people, way)
    return [status, json.error?.code]
  }
  {
    await using people = await open({ registration: 'closed' })
    deepEqual(await codes(people), [403, 'REGISTRATION_CLOSED'])
  }
  {
    await using people = await open({ registration: 'closed' }, { registers: true })
    deepEqual(await codes(people), [200, undefined])
  }
  await using people = await open({ registration: 'invite' })
  deepEqual(await codes(people), [403, 'INVITATION_REQUIRED'])
  const token = await people.join('boss', { isAdmin: true })
  const { json } = await people.ask('POST /auth/invitations', { token, body: {} })
  deepEqual(await codes(people, { query: `?invitation=${json.code}&username=boss` }), [
    409,
    'NAME_TAKEN',
  ])
  deepEqual(await codes(people, { query: `?invitation=${json.code}&username=ally` }), [
    200,
    undefined,
  ])
  equal((await signOn(people)).json.user.username, 'ally')
  issuer.person = { ...alice, sub: 'user-9' }
  deepEqual(await codes(people, { query: `?invitation=${json.code}` }), [404, 'NOT_FOUND'])
})

test('names that providers have become names that may be had here', async () => {
  await using people = await open()
  const named = async (claims: object, sub: string) => {
    issuer.person = { sub, ...claims }
    return (await signOn(people)).json.user.username
  }
  equal(await named({ preferred_username: 'Zoë.Müller@example.org' }, 's1'), 'zoe-muller')
  equal(await named({ email: 'jo_ann@example.org' }, 's2'), 'jo-ann')
  equal(await named({ preferred_username: 'admin' }, 's3'), 'admin-2')
  equal(await named({ preferred_username: '李' }, 's4'), 'user-2')
  equal(await named({ preferred_username: 'x'.repeat(60) }, 's5'), 'x'.repeat(28))
})

test('somebody who is here links a sign-in, and unlinks it (GET, DELETE /auth/oidc/links)', async () => {
  await using people = await open({ registration: 'closed' })
  const token = await people.join('bob')
  const { json: api } = await people.ask('POST /auth/tokens', { token, body: { name: 'x' } })
  equal((await people.ask('GET /auth/oidc/house/start', { token: api.token })).status, 403)
  const linked = await signOn(people, { token })
  equal(linked.json.user.username, 'bob')
  equal((await signOn(people)).json.user.username, 'bob')
  equal((await signOn(people, { token })).status, 200, 'once more is no harm')
  const carol = await people.join('carol')
  equal((await signOn(people, { token: carol })).status, 409)
  const { json } = await people.ask('GET /auth/oidc/links', { token })
  deepEqual(
    [json.links.length, json.links[0].provider, json.links[0].issuer, json.links[0].subject],
    [1, 'house', issuer.url, 'user-7'],
  )
  const remove = (by: string) =>
    people.ask(`DELETE /auth/oidc/links/${json.links[0].id}`, { token: by })
  equal((await remove(carol)).status, 404)
  equal((await remove(token)).status, 204)
  equal((await signOn(people)).status, 403)
})

test('the only way to sign in stays; whoever has no password sets one soon after signing in', async () => {
  await using people = await open()
  const { json: session } = await signOn(people)
  const { token } = session
  const { json } = await people.ask('GET /auth/oidc/links', { token })
  const remove = () => people.ask(`DELETE /auth/oidc/links/${json.links[0].id}`, { token })
  equal((await remove()).status, 409)
  people.pass(16 * 60_000)
  const set = (by: string) =>
    people.ask('POST /auth/password', { token: by, body: { new_password: password } })
  equal((await set(token)).status, 403)
  now = people.now()
  const fresh = (await signOn(people)).json.token
  equal((await set(fresh)).status, 204)
  const { status } = await people.ask(`DELETE /auth/oidc/links/${json.links[0].id}`, {
    token: fresh,
  })
  equal(status, 204)
  equal(
    (await people.ask('POST /auth/login', { body: { username: 'alice', password } })).status,
    200,
  )
})

test('a disabled user does not come in elsewhere', async () => {
  await using people = await open()
  await signOn(people)
  const token = await people.join('boss', { isAdmin: true })
  await people.ask('PATCH /admin/users/alice', { token, body: { disabled: true } })
  equal((await signOn(people)).status, 403)
})

test('a provider that is away is told as that', async () => {
  await using gone = await startIssuer()
  const { url } = gone
  await gone[Symbol.asyncDispose]()
  await using people = await open({}, { url })
  equal((await people.ask('GET /auth/oidc/house/start')).status, 503)
})

const subject = 'repo:acme/docs:ref:refs/heads/main'
const registry = 'https://registry.example'

/** With bob, who trusts the builds of a repository to publish `@bob/handbook`. */
async function withTrust(
  work: (
    exchange: (claims: object, body?: object) => Promise<Answer>,
    people: PeopleStore,
  ) => Promise<void>,
  trusted: readonly TrustingLibrary[] = [
    { scope: 'bob', name: 'handbook', publisher: { id: 'tp1', by: 'bob' } },
  ],
): Promise<void> {
  const asked: string[] = []
  await using people = await openPeopleStore({
    settings: { issuers: [{ url: `${issuer.url}/` }], audiences: [registry] },
    parts: {
      trustedBy: async (name, { sub, repository }) => {
        asked.push(name)
        const isMeant = name === issuer.url && sub === subject && repository === 'acme/docs'
        return isMeant ? trusted : []
      },
    },
  })
  await people.join('bob')
  await work(async (claims, body = {}) => {
    now = people.now()
    const token = await issuer.token({
      sub: subject,
      aud: registry,
      repository: 'acme/docs',
      ...claims,
    })
    return await people.ask('POST /auth/oidc/exchange', { body: { token, ...body } })
  }, people)
}

test('a build that a library trusts gets a token for a quarter of an hour and that library (POST /auth/oidc/exchange)', () =>
  withTrust(async (exchange, people) => {
    const { status, json } = await exchange({}, { library: '@bob/handbook' })
    equal(status, 200)
    deepEqual(
      [json.libraries, json.expires_at],
      [['@bob/handbook'], new Date(people.now() + 900_000).toISOString()],
    )
    const actor = await people.accounts.tokens.authenticate(json.token)
    deepEqual(
      [actor.handle, actor.token.kind, actor.token.scopes, actor.token.via],
      ['bob', 'ci', ['read', 'publish'], { issuer: issuer.url, subject, publisher: 'tp1' }],
    )
    equal((await people.ask('GET /auth/tokens', { token: json.token })).status, 403)
    people.pass(900_000)
    equal((await people.ask('GET /users/me', { token: json.token })).status, 401)
    equal((await exchange({})).status, 200, 'the only library need not be named')
  }))

test('a token that is forged, old, for somebody else, of a stranger, or used before is exchanged for nothing', () =>
  withTrust(async (exchange, people) => {
    const refused = async (status: number, claims: object, body?: object) =>
      equal((await exchange(claims, body)).status, status, JSON.stringify([claims, body]))
    const seconds = Math.floor(people.now() / 1000)
    await refused(400, {}, { token: 'no.token.atall' })
    await refused(400, { aud: 'https://another.example' })
    await refused(400, { exp: seconds - 120 })
    await refused(400, { iat: seconds - 2 * 3600 })
    await refused(403, { iss: 'https://evil.example' })
    await refused(403, { sub: 'repo:eve/docs' })
    await refused(403, { repository: 'eve/docs' })
    await refused(403, {}, { library: '@bob/other' })
    const token = await issuer.token({
      sub: subject,
      aud: registry,
      repository: 'acme/docs',
      jti: 'one',
    })
    const [head, payload = '', signature] = token.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const forged = Buffer.from(JSON.stringify({ ...claims, jti: 'two' })).toString('base64url')
    await refused(400, {}, { token: [head, forged, signature].join('.') })
    await refused(200, {}, { token })
    await refused(403, {}, { token })
    await refused(403, { jti: 'one' })
    const both = await Promise.all([exchange({ jti: 'three' }), exchange({ jti: 'three' })])
    deepEqual(both.map(({ status }) => status).sort(), [200, 403])
    await people.accounts.removePrincipal('bob')
    await refused(403, {})
  }))

test('where several libraries trust a build, it says which one it publishes', () =>
  withTrust(
    async (exchange) => {
      equal((await exchange({})).status, 400)
      const { status, json } = await exchange({}, { library: 'bob/guide' })
      deepEqual([status, json.libraries], [200, ['@bob/guide']])
    },
    ['handbook', 'guide'].map((name) => ({
      scope: 'bob',
      name,
      publisher: { id: name, by: 'bob' },
    })),
  ))

test('an issuer that the operator has not named is not asked for its keys', async () => {
  await using people = await openPeopleStore({ settings: { audiences: [registry] } })
  const before = issuer.asked()
  const token = await issuer.token({ sub: subject, aud: registry })
  equal((await people.ask('POST /auth/oidc/exchange', { body: { token } })).status, 403)
  equal(issuer.asked(), before)
  deepEqual(people.accounts.trustedPublishing.issuers(), [])
})
