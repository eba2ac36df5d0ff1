/** A store in this process with its operations on people: asked as a door asks, without sockets, and with a clock that goes as the test wants. */
import { strict as assert } from 'node:assert'
import { accountProblems } from '#api/accounts/problem'
import type { AccountParts } from '#api/accounts/route'
import { accountRoutes } from '#api/accounts/routes'
import { type BoundRoute, bindRoutes } from '#api/rest-route'
import { Fault } from '#fault/fault'
import type { HttpHeaders, HttpResponse } from '#http/message'
import { parseTarget, percentDecode } from '#http/target'
import { Accounts } from '#identity/accounts'
import { anonymous } from '#identity/actor'
import { hashPassword, type PasswordJson } from '#identity/password'
import { type AccountSettings, defaultAccountSettings } from '#identity/settings'
import { totpCode, totpStep } from '#identity/totp'
import { systemWorld } from '#world/system'
import { type MemoryStore, openMemoryStore } from './memory-store.ts'

export const startedAt = Date.UTC(2027, 0, 4, 12)
export const password = 'four words nobody guesses'

export interface Asked {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: HttpHeaders
  readonly address?: string
}

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it, the test says
  readonly json: any
  readonly headers: HttpResponse['headers']
}

export interface PeopleStore extends AsyncDisposable {
  readonly store: MemoryStore
  readonly accounts: Accounts
  /** `METHOD /path`, below the API's base. */
  ask(what: string, asked?: Asked): Promise<Answer>
  /** The token of somebody who was added, with `password`, and has signed in. */
  join(handle: string, options?: { readonly isAdmin?: boolean }): Promise<string>
  pass(ms: number): void
  now(): number
}

const apiBase = '/api/v1'

/** Everybody has the same: hashes are dear. */
let hashed: Promise<PasswordJson> | undefined

export async function openPeopleStore({
  settings = {},
  parts = {},
}: {
  readonly settings?: Partial<AccountSettings>
  readonly parts?: Partial<AccountParts>
} = {}): Promise<PeopleStore> {
  let passedMs = 0
  const clock = { ...systemWorld(), now: () => startedAt + passedMs }
  const store = await openMemoryStore({
    profile: { data: 2, parity: 1 },
    nodes: 3,
    world: clock,
  })
  const world = { ...clock, monotonic: () => passedMs } // of attempts, not of disks
  const { sql, changelog, keyring } = store
  const accounts = new Accounts(
    { sql, changelog, keyring, world },
    { ...defaultAccountSettings, ...settings },
  )
  const routes = bindRoutes(accountRoutes, {
    accounts,
    figures: async () => ({ libraries: 0, downloads: 0 }),
    mayRemoveTeam: async () => {},
    trustedBy: async () => [],
    auditLog: undefined,
    publicUrl: undefined,
    ...parts,
  })
  const ask: PeopleStore['ask'] = (what, asked = {}) => answer({ accounts, routes }, what, asked)
  const join: PeopleStore['join'] = async (handle, { isAdmin = false } = {}) => {
    const email = `${handle}@example.org`
    if (isAdmin) await accounts.registration.ensureAdmin({ username: handle, email, password })
    else {
      await accounts.createPrincipal({ handle, email })
      hashed ??= hashPassword(password, world)
      await accounts.logins.putPassword(handle, await hashed)
    }
    const { id } = await accounts.principal(handle)
    const from = { address: '192.0.2.1', agent: 'a test' }
    return (await changelog.commit((tx) => accounts.tokens.openLogin(tx, id, from))).text
  }
  return {
    ...{ store, accounts, ask, join },
    now: world.now,
    pass: (ms) => {
      passedMs += ms
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
    },
  }
}

/** As a door does it: who asks, what is meant, what is said, and how it is told. */
async function answer(
  { accounts, routes }: { readonly accounts: Accounts; readonly routes: readonly BoundRoute[] },
  what: string,
  { token, body, headers = {}, address = '192.0.2.1' }: Asked,
): Promise<Answer> {
  const [method = '', target = ''] = what.split(' ')
  const { rawPath, query } = parseTarget(target)
  const found = routes
    .map((route) => ({ route, names: match(route.path, rawPath) }))
    .filter(({ route, names }) => names !== undefined && route.method === method)
    .sort((one, other) => variables(one.route) - variables(other.route))[0]
  assert.ok(found !== undefined, `there is no ${what}`)
  const { route, names = {} } = found
  try {
    const from = { address, agent: 'a test' }
    const actor = token === undefined ? anonymous : await accounts.tokens.authenticate(token, from)
    const parsed = route.body?.safeParse(body)
    const asked = route.query?.safeParse(
      Object.fromEntries(query.map(({ name, value }) => [name, value])),
    )
    if (parsed?.success === false || asked?.success === false)
      return told(400, { code: 'INVALID_REQUEST', message: 'not what the schema says' })
    const call = {
      ...{ actor, names, address, query: asked?.data ?? {}, body: parsed?.data },
      request: {
        ...{ id: '0', method, target: apiBase + target, peer: address, isEncrypted: false },
        headers: { host: 'registry.example', 'user-agent': 'a test', ...headers },
        body: { bytes: 0, received: 0, async *[Symbol.asyncIterator]() {} },
        signal: new AbortController().signal,
      },
    }
    if ('respond' in route) {
      const { status, headers, body = '' } = await route.respond(undefined, call)
      assert.ok(typeof body === 'string')
      return { status, headers, json: body === '' ? undefined : JSON.parse(body) }
    }
    const result = await route.run(undefined, call)
    if (route.answer !== undefined) route.answer.parse(result)
    const { status } = route
    return { status, headers: {}, json: status === 204 ? undefined : result }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const problem = accountProblems.get(error.code)
    assert.ok(problem !== undefined, `nothing is told of ${error.code}`)
    return told(problem.status, { code: problem.code, message: problem.text(error.detail) })
  }
}

function told(status: number, error: { readonly code: string; readonly message: string }): Answer {
  return { status, headers: {}, json: { error } }
}

function variables({ path }: BoundRoute): number {
  return path.split('{').length
}

function match(path: string, asked: string): Readonly<Record<string, string>> | undefined {
  const segments = asked.split('/')
  const wanted = path.split('/')
  if (wanted.length !== segments.length) return undefined
  const names: Record<string, string> = {}
  for (const [index, pattern] of wanted.entries()) {
    const [, name] = /^\{(\w+)\}$/.exec(pattern) ?? []
    const segment = segments[index] ?? ''
    if (name !== undefined) names[name] = percentDecode(segment)
    else if (pattern !== segment) return undefined
  }
  return names
}

/** What an authenticator app would show. */
export function totpOf(secret: string, now: number): string {
  const bits = [...secret]
    .map((letter) =>
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
    )
    .join('')
  const bytes = bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []
  return totpCode(Uint8Array.from(bytes), totpStep(now))
}
