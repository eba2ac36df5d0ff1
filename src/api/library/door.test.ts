/** What the door does around operations, whichever they are: who asks, how much, what is said of mistakes, and to which pages. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { createLibraryDoor, type LibraryDoorOptions } from '#api/library/door'
import { problemCodes } from '#api/library/problem-codes'
import { defaultBudgets, OwnBudgets } from '#api/library/request-budgets'
import { RateLimits } from '#api/rate-limits'
import { type BoundRoute, restRoute } from '#api/rest-route'
import type { HttpRequest, HttpResponse } from '#http/message'
import { tokenScopes, type UserActor } from '#identity/actor'
import { identityFault } from '#identity/faults'
import { libraryFault } from '#library/faults'
import { type RequestEnded, silentTelemetry } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'

const ada: UserActor = {
  ...{ kind: 'user', id: 'id-of-ada', handle: 'ada', isAdmin: false, teams: new Map() },
  token: {
    id: 'token-1',
    name: 'login',
    kind: 'login',
    scopes: tokenScopes,
    globs: ['*'],
  },
}

const page = z.object({ page: z.string().regex(/^\d+$/).transform(Number).optional() })
const greeting = z.strictObject({ name: z.string() })

const routes: readonly BoundRoute[] = [
  restRoute({
    ...{ method: 'GET', path: '/things/{scope}', operation: 'GetThing', summary: 'a', status: 200 },
    ...{ budget: 'metadata', answer: z.object({ of: z.string(), by: z.string() }) },
    run: async (_, { actor, names }) => {
      if (names['scope'] === 'hidden') throw libraryFault('library/no-such-library')
      if (names['scope'] === 'broken') throw new TypeError('of nobody’s business')
      return { of: names['scope'], by: actor.kind === 'user' ? actor.handle : 'nobody' }
    },
  }),
  restRoute<undefined, z.infer<typeof greeting>, z.infer<typeof page>>({
    ...{ method: 'POST', path: '/things', operation: 'MakeThing', summary: 'b', status: 201 },
    ...{ budget: 'publish', body: greeting, query: page },
    run: async (_, { body, query }) => ({ hello: body.name, page: query.page }),
  }),
  restRoute({
    ...{ method: 'POST', path: '/sign-in', operation: 'SignIn', summary: 'c', status: 204 },
    ...{ budget: 'auth', isOpen: true, run: async () => undefined },
  }),
]

interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly peer?: string
  readonly isEncrypted?: boolean
}

function openDoor(more: Partial<LibraryDoorOptions> = {}) {
  const world = new SimulatedWorld('door')
  const ended: RequestEnded[] = []
  const used: string[] = []
  const handle = createLibraryDoor({
    routes,
    authenticate: async (token) => {
      if (token === 'of-ada') return ada
      throw identityFault('identity/unknown-token')
    },
    anonymousRead: true,
    budgets: new OwnBudgets(defaultBudgets, { world, isExempt: () => false }),
    rates: new RateLimits({}, { world }),
    crossOrigins: [],
    isProxy: (address) => address === '10.0.0.1',
    onUse: ({ handle: name }) => void used.push(name),
    version: '1.2.3',
    world,
    telemetry: { ...silentTelemetry, requestEnded: (event) => void ended.push(event) },
    ...more,
  })
  let requests = 0
  const ask = async (path: string, asking: Asking = {}) => {
    const {
      method = 'GET',
      headers = {},
      body = '',
      peer = '192.0.2.7',
      isEncrypted = false,
    } = asking
    const request: HttpRequest = {
      id: `REQUEST${++requests}`,
      ...{ method, headers, peer, isEncrypted, target: `/api/v1${path}` },
      body: Object.assign(bytesOf(body), { bytes: body.length, received: body.length }),
      signal: new AbortController().signal,
    }
    const response = await handle(request)
    response.onEnd?.({ bytesOut: 0, isComplete: true })
    return response
  }
  return { ask, ended, used, world }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text)
}

function jsonOf({ body }: HttpResponse): Record<string, never> {
  return JSON.parse(String(body))
}

const json = { 'content-type': 'application/json' }
const asAda = { authorization: 'Bearer of-ada' }

test('whoever asks is who the token says, and nobody without one', async () => {
  const { ask, ended, used } = openDoor()
  deepEqual(jsonOf(await ask('/things/x')), { of: 'x', by: 'nobody' })
  deepEqual(jsonOf(await ask('/things/x', { headers: asAda })), { of: 'x', by: 'ada' })
  deepEqual(used, ['ada'])
  deepEqual(
    ended.map(({ operation, endpoint, principal, caller, subject, door }) => [
      ...[door, operation, endpoint, principal, caller, subject],
    ]),
    [
      ['libraries', 'GetThing', '/api/v1/things/{scope}', undefined, undefined, 'x'],
      ['libraries', 'GetThing', '/api/v1/things/{scope}', 'token-1', 'id-of-ada', 'x'],
    ],
  )
})

test('a problem has a code of the closed list, a sentence, and the id of the request', async () => {
  const { ask } = openDoor()
  const response = await ask('/things/hidden')
  equal(response.status, 404)
  equal(response.headers['content-type'], 'application/problem+json')
  const problem = jsonOf(response)
  equal(problem['request_id'], response.headers['x-request-id'])
  deepEqual(
    [problem['type'], problem['title'], problem['status']],
    ['/api/v1/problems#NOT_FOUND', 'NOT_FOUND', 404],
  )
  match(String(problem['hint']), /sign in/)
  deepEqual(problem['error'], { code: 'NOT_FOUND', message: problem['detail'] })
  deepEqual(jsonOf(await ask('/problems')), { problems: problemCodes })
})

test('each mistake has a problem of its own', async () => {
  const { ask } = openDoor()
  const cases: readonly (readonly [path: string, asking: Asking, status: number, code: string])[] =
    [
      ['/nothing', {}, 404, 'NOT_FOUND'],
      ['/things/x', { method: 'DELETE' }, 405, 'METHOD_NOT_ALLOWED'],
      ['/things/x', { headers: { authorization: 'Basic eA==' } }, 401, 'UNAUTHORIZED'],
      ['/things/x', { headers: { authorization: 'Bearer other' } }, 401, 'UNAUTHORIZED'],
      ['/things/%ff', {}, 400, 'INVALID_REQUEST'],
      ['/things', { method: 'POST', headers: json, body: '{' }, 400, 'INVALID_REQUEST'],
      ['/things', { method: 'POST', headers: json, body: '{"name":1}' }, 400, 'INVALID_REQUEST'],
      [
        '/things',
        { method: 'POST', headers: json, body: '{"name":"x","y":1}' },
        400,
        'INVALID_REQUEST',
      ],
      [
        '/things?page=x',
        { method: 'POST', headers: json, body: '{"name":"x"}' },
        400,
        'INVALID_REQUEST',
      ],
      [
        '/things?page=1&page=2',
        { method: 'POST', headers: json, body: '{}' },
        400,
        'INVALID_REQUEST',
      ],
      [
        '/things',
        { method: 'POST', headers: { 'content-type': 'text/xml' }, body: '<a/>' },
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      [
        '/things',
        { method: 'POST', headers: json, body: `"${'x'.repeat(2 ** 20)}"` },
        413,
        'TOO_LARGE',
      ],
      ['/things/broken', {}, 500, 'INTERNAL'],
    ]
  for (const [path, asking, status, code] of cases) {
    const response = await ask(path, asking)
    equal(response.status, status, path)
    const { error } = jsonOf(response) as unknown as { error: { code: string } }
    equal(error.code, code, path)
    ok(!String(response.body).includes('nobody’s business'))
    if (status === 401) equal(response.headers['www-authenticate'], 'Bearer')
    if (status === 405) equal(response.headers['allow'], 'GET, HEAD')
  }
})

test('where nobody is served without a token, one may still get one', async () => {
  const { ask } = openDoor({ anonymousRead: false })
  equal((await ask('/things/x')).status, 401)
  equal((await ask('/things/x', { headers: asAda })).status, 200)
  equal((await ask('/sign-in', { method: 'POST' })).status, 204)
  equal((await ask('/openapi.json')).status, 200)
})

test('what is read is not sent again while it is the same, and kept by nobody unasked', async () => {
  const { ask } = openDoor()
  const first = await ask('/things/x', { headers: asAda })
  equal(first.headers['cache-control'], 'private, no-cache')
  equal(first.headers['vary'], 'Authorization')
  const etag = String(first.headers['etag'])
  const second = await ask('/things/x', { headers: { ...asAda, 'if-none-match': etag } })
  deepEqual([second.status, second.body], [304, undefined])
  equal((await ask('/things/x', { headers: { 'if-none-match': etag } })).status, 200)
  const made = await ask('/things', { method: 'POST', headers: json, body: '{"name":"x"}' })
  deepEqual([made.status, made.headers['cache-control']], [201, 'no-store'])
})

test('budgets are counted apart, by token and by network, and say how much is left', async () => {
  const rules = { ...defaultBudgets, metadata: { anonymous: 2, user: 3 } }
  const world = new SimulatedWorld('budgets')
  const budgets = new OwnBudgets(rules, { world, isExempt: () => false })
  const { ask } = openDoor({ budgets })
  const told = async (asking: Asking) => {
    const { status, headers } = await ask('/things/x', asking)
    const { 'x-ratelimit-limit': limit, 'x-ratelimit-remaining': left } = headers
    return [status, limit, left]
  }
  deepEqual(await told({}), [200, '2', '1'])
  deepEqual(await told({}), [200, '2', '0'])
  deepEqual(await told({}), [429, '2', '0'])
  deepEqual(await told({ peer: '192.0.2.8' }), [200, '2', '1'])
  deepEqual(await told({ peer: '10.0.0.1', headers: { 'x-forwarded-for': '192.0.2.7' } }), [
    429,
    '2',
    '0',
  ])
  deepEqual(await told({ peer: '192.0.2.9', headers: { 'x-forwarded-for': '192.0.2.7' } }), [
    200,
    '2',
    '1',
  ])
  deepEqual(await told({ headers: asAda }), [200, '3', '2'])
  const refused = await ask('/things/x')
  const problem = jsonOf(refused) as unknown as { error: { code: string; details: object } }
  equal(problem.error.code, 'RATE_LIMIT_EXCEEDED')
  equal(refused.headers['retry-after'], '1800')
  deepEqual(problem.error.details, { retry_after: 1800 })
  equal((await ask('/sign-in', { method: 'POST' })).status, 204) // another budget
  const reset = Number(refused.headers['x-ratelimit-reset']) * 1000
  equal(Math.round((reset - world.now()) / 1000), 3600)
})

test('every answer is data: no page, no frame, no script, no guess at its type', async () => {
  const { ask } = openDoor()
  for (const path of ['/things/x', '/things/hidden', '/nothing', '/openapi.json']) {
    const { headers } = await ask(path)
    equal(headers['x-content-type-options'], 'nosniff')
    match(String(headers['content-security-policy']), /default-src 'none'/)
    equal(headers['access-control-allow-origin'], undefined)
    equal(headers['strict-transport-security'], undefined)
  }
  const { headers } = await ask('/things/x', { isEncrypted: true })
  match(String(headers['strict-transport-security']), /max-age=\d+/)
})

test('pages of other origins may ask where the operator has named them, and never with cookies', async () => {
  const closed = openDoor()
  equal((await closed.ask('/things/x', { method: 'OPTIONS' })).status, 405)
  const { ask } = openDoor({ crossOrigins: ['https://docs.example.org'] })
  const named = { origin: 'https://docs.example.org' }
  const preflight = await ask('/things/x', { method: 'OPTIONS', headers: named })
  equal(preflight.status, 204)
  equal(preflight.headers['access-control-allow-methods'], 'GET, HEAD')
  equal(preflight.headers['access-control-allow-origin'], 'https://docs.example.org')
  equal(preflight.headers['access-control-allow-credentials'], undefined)
  const other = await ask('/things/x', { headers: { origin: 'https://evil.example' } })
  equal(other.headers['access-control-allow-origin'], undefined)
})
