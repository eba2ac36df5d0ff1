/** Publishing by whom an issuer vouches for, from one end to the other: what a library may trust, and which tokens of builds are exchanged for one of ours. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type Issuer, startIssuer } from '../../issuer.ts'
import { archiveOf } from '../../library/registry.ts'
import { type LibraryServer, openLibraryServer } from '../../library/server.ts'

const registry = 'https://registry.example'
const repository = 'ada/handbook'
const sub = `repo:${repository}:ref:refs/heads/main`
const publishers = '/libraries/ada/handbook/trusted-publishers'
let issuer: Issuer
/** Named by the operator too, and trusted by no library. */
let another: Issuer
let server: LibraryServer
let token = ''

before(async () => {
  issuer = await startIssuer()
  another = await startIssuer()
  const issuers = [{ url: issuer.url }, { url: another.url }]
  server = await openLibraryServer({ accounts: { issuers, audiences: [registry] } })
  token = (await server.person('ada')).token
  for (const name of ['handbook', 'plans']) {
    const body = await archiveOf(`@ada/${name}`, '1.0.0')
    equal((await server.ask(`PUT /libraries/ada/${name}/1.0.0`, { token, body })).status, 201)
  }
  const json = {
    issuer: issuer.url,
    claims: { repository, sub: `repo:${repository}:ref:refs/heads/*` },
  }
  equal((await server.ask(`POST ${publishers}`, { token, json })).status, 201)
})
after(async () => {
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
  await another[Symbol.asyncDispose]()
})

test('what says nothing of whose token it is cannot be trusted', async () => {
  for (const claims of [
    {},
    { repository: '*' },
    { repository: '*', sub: '*' },
    { sub: '***' },
    { sub: '*/*' },
    { sub: '*:*' },
    { aud: registry },
    { aud: registry, iss: issuer.url, sub: '*' },
    { jti: 'one', exp: '1', iat: '1', nbf: '1' },
    { sub: '' },
  ]) {
    const json = { issuer: issuer.url, claims }
    const answer = await server.ask(`POST ${publishers}`, { token, json })
    equal(answer.status, 400, JSON.stringify(claims))
    match(await answer.text(), /must say whose token it is/)
  }
  const listed = await server.ask(`GET ${publishers}`, { token })
  equal(JSON.parse(await listed.text()).trusted_publishers.length, 1)
})

/** A new token of the build that is trusted, but for these claims. */
function build(claims: object = {}, of: Issuer = issuer): Promise<string> {
  return of.token({ sub, aud: registry, repository, jti: randomUUID(), ...claims })
}

async function exchange(token: string) {
  const answer = await server.ask('POST /auth/oidc/exchange', { json: { token } })
  return { status: answer.status, document: JSON.parse(await answer.text()) }
}

test('the build that is trusted publishes the library, and nothing else', async () => {
  const { status, document } = await exchange(await build())
  deepEqual([status, document.libraries], [200, ['@ada/handbook']])
  const publish = async (name: string): Promise<number> => {
    const body = await archiveOf(`@ada/${name}`, '1.1.0')
    const asked = { token: document.token, body }
    return (await server.ask(`PUT /libraries/ada/${name}/1.1.0`, asked)).status
  }
  equal(await publish('handbook'), 201)
  equal(await publish('plans'), 403)
  equal(await publish('nothing'), 403, 'as one that is not there')
  const read = async (name: string): Promise<number> =>
    (await server.ask(`GET /libraries/ada/${name}`, { token: document.token })).status
  deepEqual([await read('handbook'), await read('plans'), await read('nothing')], [200, 404, 404])
})

test('no other token of any build is exchanged', async () => {
  const seconds = Math.floor(Date.now() / 1000)
  const refused: Readonly<Record<string, readonly [status: number, token: string]>> = {
    'another repository': [403, await build({ repository: 'eve/handbook' })],
    'a repository whose name begins as ours': [403, await build({ repository: `${repository}-2` })],
    'another subject': [403, await build({ sub: 'repo:eve/handbook:ref:refs/heads/main' })],
    'a branch that is called as a path': [403, await build({ sub: `${sub}/of-eve` })],
    'a tag': [403, await build({ sub: `repo:${repository}:ref:refs/tags/main` })],
    'a claim that is missing': [403, await build({ repository: undefined })],
    'a claim that is a list': [403, await build({ repository: [repository] })],
    'one that has expired': [400, await build({ exp: seconds - 120 })],
    'one that never expires': [400, await build({ exp: undefined })],
    'one that is not good yet': [400, await build({ nbf: seconds + 600 })],
    'another audience': [400, await build({ aud: 'https://elsewhere.example' })],
    'no audience': [400, await build({ aud: undefined })],
    'no signature': [400, unsigned(await build())],
    'a key that both sides know': [
      400,
      await issuer.token({ sub, aud: registry, repository }, { alg: 'HS256' }),
    ],
    "another issuer's key": [400, await build({ iss: issuer.url }, another)],
    'another issuer that may speak here': [403, await build({}, another)],
    'an issuer that may not': [403, await build({ iss: 'https://evil.example' })],
  }
  for (const [what, [status, text]] of Object.entries(refused))
    equal((await exchange(text)).status, status, what)
  equal((await exchange(await build())).status, 200, 'the right one, after all of them')
})

/** `alg: none`, as RFC 7518 section 3.6 has it. */
function unsigned(token: string): string {
  const head = Buffer.from('{"alg":"none"}').toString('base64url')
  return [head, token.split('.')[1], ''].join('.')
}
