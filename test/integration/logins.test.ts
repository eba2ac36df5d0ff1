/** Passwords and codes: who gets in, who waits, and what a rebuilt store still knows. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { Accounts } from '#identity/accounts'
import { totpCode, totpStep } from '#identity/totp'
import { fault } from '../fault.ts'
import { databaseFromDump, type MemoryStore, openMemoryStore } from '../memory-store.ts'

const password = 'correct horse battery staple'
const refused = fault('identity/login-refused')
const throttled = fault('identity/login-throttled')

/** Of a store whose clocks go as the test wants. */
async function withLogins(
  work: (
    accounts: Accounts,
    parts: { readonly store: MemoryStore; readonly pass: (ms: number) => void },
  ) => Promise<void>,
): Promise<void> {
  await using store = await openMemoryStore({ profile: { data: 2, parity: 1 }, nodes: 3 })
  let passedMs = 0
  const { sql, changelog, keyring, world: real } = store
  const startedAt = 1_800_000_000_000
  const world = {
    ...real,
    now: () => startedAt + passedMs,
    monotonic: () => passedMs,
  }
  const accounts = new Accounts({ sql, changelog, keyring, world })
  await accounts.createPrincipal({ handle: 'alice' })
  await work(accounts, {
    store,
    pass: (ms) => {
      passedMs += ms
    },
  })
}

function codeOf(secret: string, now: number): string {
  const bits = [...secret]
    .map((letter) =>
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
    )
    .join('')
  const bytes = bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []
  return totpCode(Uint8Array.from(bytes), totpStep(now))
}

test('a password lets in who has it, by name or id, and nobody else', () =>
  withLogins(async ({ logins }) => {
    const login = (name: string, text = password) => logins.login({ name, password: text })
    await rejects(login('alice'), refused)
    await logins.setPassword('alice', password)
    const { id, handle } = await login('alice')
    equal(handle, 'alice')
    equal((await login(id)).handle, 'alice')
    await rejects(login('alice', `${password} `), refused)
    await rejects(login('nobody'), refused)
    await rejects(logins.setPassword('nobody', password), fault('identity/no-such-principal'))
    await rejects(logins.setPassword('alice', 'too short'), (error) => {
      ok(isFault(error, 'identity/malformed-password'))
      return !error.message.includes('too short')
    })
    await logins.setPassword('alice', undefined)
    await rejects(login('alice'), refused)
  }))

test('wrong attempts in a row have to wait, whatever name they use; a right one begins anew', () =>
  withLogins(async ({ logins }, { pass }) => {
    await logins.setPassword('alice', password)
    const { id } = await logins.login({ name: 'alice', password })
    const wrong = (name = 'alice') => logins.login({ name, password: 'not this one' })
    for (let attempt = 0; attempt < 5; attempt += 1)
      await rejects(wrong(attempt % 2 === 0 ? 'alice' : id), refused)
    await rejects(wrong(), throttled)
    await rejects(logins.login({ name: id, password }), throttled)
    await rejects(logins.login({ name: 'bob', password }), refused)
    pass(1_001)
    await rejects(wrong(), refused)
    pass(1_001)
    await rejects(wrong(), throttled)
    pass(1_001)
    equal((await logins.login({ name: 'alice', password })).id, id)
    await rejects(wrong(), refused)
    await rejects(wrong(), refused)
  }))

test('codes are asked for once one was confirmed; none is good twice', () =>
  withLogins(async ({ logins }, { store, pass }) => {
    await logins.setPassword('alice', password)
    const begun = await logins.beginTotp('alice')
    match(begun.uri, /^otpauth:\/\/totp\/Mycelium:alice\?secret=[A-Z2-7]{32}&/)
    let now = 1_800_000_000_000
    const after = (ms: number): string => {
      pass(ms)
      now += ms
      return codeOf(begun.secret, now)
    }
    const login = (code?: string) =>
      logins.login({ name: 'alice', password, ...(code === undefined ? {} : { code }) })
    await login()
    await rejects(logins.confirmTotp('alice', 'abcdef'), refused)
    const first = after(0)
    await logins.confirmTotp('alice', first)
    await rejects(logins.confirmTotp('alice', first), fault('identity/no-totp'))
    await rejects(login(), refused)
    await rejects(login(first), refused)
    const next = after(30_000)
    const both = await Promise.allSettled([login(next), login(next)])
    deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    const [recovery = ''] = begun.recoveryCodes
    await login(recovery.toLowerCase())
    await rejects(login(recovery), refused)
    deepEqual(await logins.state('alice'), {
      hasPassword: true,
      totp: 'active',
      recoveryCodes: begun.recoveryCodes.length - 1,
    })
    const rows = await store.sql.query<{ body: string }>`select body from login`
    for (const secret of [password, begun.secret, ...begun.recoveryCodes])
      equal(
        rows.some(({ body }) => body.includes(secret)),
        false,
      )
    await logins.removeTotp('alice')
    await login()
  }))

test('a rebuilt store asks for the same password and codes, and for none that was used', () =>
  withLogins(async (accounts, { store, pass }) => {
    const { logins } = accounts
    await logins.setPassword('alice', password)
    const { secret } = await logins.beginTotp('alice')
    const used = codeOf(secret, 1_800_000_000_000)
    await logins.confirmTotp('alice', used)
    pass(30_000)
    const sql = await databaseFromDump(store)
    const world = { ...store.world, now: () => 1_800_000_030_000 }
    const again = new Accounts({ ...store, sql, world })
    deepEqual(await again.logins.state('alice'), await logins.state('alice'))
    const login = (code: string) => again.logins.login({ name: 'alice', password, code })
    await rejects(login(used), refused)
  }))

test('a removed user leaves nothing to sign in with', () =>
  withLogins(async (accounts, { store }) => {
    await accounts.logins.setPassword('alice', password)
    await accounts.removePrincipal('alice')
    deepEqual(await store.sql.query`select * from login`, [])
  }))
