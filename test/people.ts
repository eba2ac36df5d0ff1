/** A store in this process with its operations on people behind their door: asked without sockets, with a clock that goes as the test wants. */
import { strict as assert } from 'node:assert'
import type { AccountParts } from '#api/accounts/route'
import { accountRoutes } from '#api/accounts/routes'
import { createLibraryDoor } from '#api/library/door'
import { RateLimits } from '#api/rate-limits'
import { bindRoutes } from '#api/rest-route'
import type { HttpHandler, HttpHeaders, HttpResponse } from '#http/message'
import { Accounts } from '#identity/accounts'
import { hashPassword, type PasswordJson } from '#identity/password'
import { type AccountSettings, defaultAccountSettings } from '#identity/settings'
import { totpCode, totpStep } from '#identity/totp'
import { silentTelemetry } from '#telemetry/telemetry'
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
  const people: AccountParts = {
    accounts,
    figures: async () => ({ libraries: 0, downloads: 0 }),
    mayRemoveTeam: async () => {},
    trustedBy: async () => [],
    auditLog: undefined,
    publicUrl: undefined,
    ...parts,
  }
  const door = createLibraryDoor({
    routes: bindRoutes(accountRoutes, people),
    authenticate: (token, from) => accounts.tokens.authenticate(token, from),
    anonymousRead: true,
    budgets: { take: async () => undefined },
    rates: new RateLimits({}, { world }),
    crossOrigins: [],
    isProxy: () => false,
    onUse: () => {},
    version: '0',
    world,
    telemetry: { ...silentTelemetry, requestEnded: ({ operation }) => operations.push(operation) },
  })
  const operations: string[] = []
  const ask: PeopleStore['ask'] = async (what, asked = {}) => {
    const answer = await askDoor(door, what, asked)
    assertDescribed(operations.at(-1), answer)
    return answer
  }
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

/** What is answered is what the description says, and nothing else. */
function assertDescribed(operation: string | undefined, { status, json }: Answer): void {
  const route = accountRoutes.find((one) => one.operation === operation)
  if (route === undefined || !('run' in route) || status >= 400) return
  assert.equal(status, route.status, route.operation)
  if (route.answer !== undefined) assert.deepEqual(route.answer.parse(json), json, route.operation)
}

async function askDoor(
  door: HttpHandler,
  what: string,
  { token, body, headers = {}, address = '192.0.2.1' }: Asked,
): Promise<Answer> {
  const [method = '', target = ''] = what.split(' ')
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const response = await door({
    ...{ id: '0', method, target: apiBase + target, peer: address, isEncrypted: false },
    headers: {
      host: 'registry.example',
      'user-agent': 'a test',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: {
      bytes: bytes?.length ?? 0,
      received: bytes?.length ?? 0,
      async *[Symbol.asyncIterator]() {
        if (bytes !== undefined) yield bytes
      },
    },
    signal: new AbortController().signal,
  })
  const { status, headers: told, body: text = '' } = response
  response.onEnd?.({ bytesOut: 0, isComplete: true })
  assert.ok(typeof text === 'string')
  return { status, headers: told, json: text === '' ? undefined : JSON.parse(text) }
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
