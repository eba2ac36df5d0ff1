/** Principals and keys: unique, sealed, taken back at once, and there again after a rebuild. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { Lookups } from '#gateway/lookups'
import { Accounts } from '#identity/accounts'
import { keysPerPrincipalMax } from '#identity/entity'
import { parseHandle, parsePrincipalId } from '#identity/principal'
import type { Sql } from '#sql/sql'
import { fault } from '../fault.ts'
import {
  databaseFromDump,
  databaseFromLog,
  type MemoryStore,
  openMemoryStore,
} from '../memory-store.ts'

const small = { profile: { data: 2, parity: 1 }, nodes: 3 }
const rootId = parsePrincipalId('a'.repeat(64))
const rootKey = { accessKeyId: 'AKIAROOTROOT', secret: 'root-secret-of-40-characters' }

async function withAccounts(
  work: (accounts: Accounts, store: MemoryStore) => Promise<void>,
): Promise<void> {
  await using store = await openMemoryStore(small)
  await work(store.accounts, store)
}

test('a principal has a name of its own, an id, and keys that speak for it', () =>
  withAccounts(async (accounts) => {
    const alice = await accounts.createPrincipal({ handle: 'alice', email: 'Alice@example.org' })
    match(alice.id, /^[0-9a-f]{64}$/)
    equal(alice.displayName, 'alice')
    equal(alice.email, 'alice@example.org')
    const made = await accounts.createKey('alice')
    match(made.accessKeyId, /^AKIA[A-Z2-7]{16}$/)
    equal(made.secret.length, 40)
    const found = await accounts.findKey(made.accessKeyId)
    deepEqual(found, { secret: made.secret, principal: alice })
    deepEqual(await accounts.principal(alice.id), alice)
    const { secret, ...info } = made
    deepEqual(await accounts.listKeys('alice'), [info])
  }))

test('handles, e-mails, ids and keys are taken once', () =>
  withAccounts(async (accounts) => {
    const alice = await accounts.createPrincipal({ handle: 'alice', email: 'a@example.org' })
    const bob = { handle: 'bob', id: 'testx$1234' }
    await accounts.createPrincipal(bob)
    await rejects(accounts.createPrincipal({ handle: 'alice' }), fault('identity/handle-taken'))
    const sameMail = { handle: 'carol', email: 'A@example.org' }
    await rejects(accounts.createPrincipal(sameMail), fault('identity/email-taken'))
    const sameId = { handle: 'carol', id: alice.id }
    await rejects(accounts.createPrincipal(sameId), fault('identity/principal-exists'))
    await accounts.createKey('alice', { accessKeyId: 'MAINKEY', secret: 'main-secret' })
    const sameKey = accounts.createKey('bob', { accessKeyId: 'MAINKEY' })
    await rejects(sameKey, fault('identity/key-exists'))
    const renamed = accounts.updatePrincipal('bob', { handle: 'alice' })
    await rejects(renamed, fault('identity/handle-taken'))
    const { handle, email } = await accounts.updatePrincipal('alice', {
      handle: 'alicia',
      email: '',
    })
    deepEqual({ handle, email }, { handle: 'alicia', email: undefined })
    await accounts.createPrincipal({ handle: 'carol', email: 'a@example.org' }) // free again
  }))

test('names that could be mistaken for something else are refused', () =>
  withAccounts(async (accounts) => {
    for (const handle of ['al', 'Alice', '-alice', 'alice-', 'a b', 'ä'.repeat(4), 'a'.repeat(33)])
      await rejects(accounts.createPrincipal({ handle }), fault('identity/malformed-handle'))
    const newOf = (more: object) => accounts.createPrincipal({ handle: 'alice', ...more })
    await rejects(newOf({ id: 'a/b' }), fault('identity/malformed-principal-id'))
    await rejects(newOf({ email: 'alice' }), fault('identity/malformed-email'))
    await rejects(newOf({ tenant: 'a:b' }), fault('identity/malformed-tenant'))
    await rejects(newOf({ displayName: 'a\nb' }), fault('identity/malformed-name'))
    await newOf({})
    const keyOf = (more: object) => accounts.createKey('alice', more)
    await rejects(keyOf({ accessKeyId: 'a/b/c' }), fault('identity/malformed-access-key'))
    await rejects(keyOf({ secret: 'short' }), (error) => {
      ok(isFault(error, 'identity/malformed-secret'))
      equal(error.message.includes('short'), false)
      return true
    })
    await rejects(accounts.createKey('nobody'), fault('identity/no-such-principal'))
  }))

test('so many keys and no more', () =>
  withAccounts(async (accounts) => {
    await accounts.createPrincipal({ handle: 'alice' })
    for (let made = 0; made < keysPerPrincipalMax; made += 1) await accounts.createKey('alice')
    await rejects(accounts.createKey('alice'), fault('identity/too-many-keys'))
  }))

test('what is taken back counts at once, also where it was kept', () =>
  withAccounts(async (accounts, { objects }) => {
    const lookups = new Lookups({ identities: accounts, objects })
    await accounts.createPrincipal({ handle: 'alice' })
    equal(await lookups.key('ALICEKEY'), undefined)
    await accounts.createKey('alice', { accessKeyId: 'ALICEKEY', secret: 'first-secret' })
    equal((await lookups.key('ALICEKEY'))?.secret, 'first-secret')
    ok(!(lookups.key('ALICEKEY') instanceof Promise), 'what is known comes at once')
    await accounts.setKeyState('ALICEKEY', 'disabled')
    equal(await lookups.key('ALICEKEY'), undefined)
    await accounts.setKeyState('ALICEKEY', 'active')
    equal((await lookups.key('ALICEKEY'))?.principal.handle, parseHandle('alice'))
    await accounts.removeKey('ALICEKEY')
    equal(await lookups.key('ALICEKEY'), undefined)
    await rejects(accounts.removeKey('ALICEKEY'), fault('identity/no-such-key'))
    const { accessKeyId } = await accounts.createKey('alice')
    ok(await lookups.key(accessKeyId))
    await accounts.removePrincipal('alice')
    equal(await lookups.key(accessKeyId), undefined)
  }))

test('a key is followed by another, and ends when it is told to', () =>
  withAccounts(async (accounts, { world }) => {
    await accounts.createPrincipal({ handle: 'alice' })
    const { accessKeyId } = await accounts.createKey('alice')
    const made = await accounts.rotateKey(accessKeyId, { graceMs: 60_000 })
    const [former, next] = await accounts.listKeys('alice')
    ok(Math.abs((former?.expiresAt ?? 0) - world.now() - 60_000) < 30_000)
    deepEqual([next?.accessKeyId, next?.expiresAt], [made.accessKeyId, undefined])
    equal((await accounts.findKey(made.accessKeyId))?.secret, made.secret)
    equal((await accounts.expireKey(made.accessKeyId, 1_000)).expiresAt, 1_000)
    await accounts.rotateKey(made.accessKeyId, { graceMs: 60_000 })
    equal((await accounts.key(made.accessKeyId)).expiresAt, 1_000, 'no longer than before')
    equal((await accounts.expireKey(made.accessKeyId, undefined)).expiresAt, undefined)
    await rejects(accounts.rotateKey('NONE', { graceMs: 0 }), fault('identity/no-such-key'))
  }))

test('a key is known to have been used, to the day, with one change', () =>
  withAccounts(async (accounts, { changelog }) => {
    await accounts.createPrincipal({ handle: 'alice' })
    const { accessKeyId } = await accounts.createKey('alice')
    const noon = Date.UTC(2026, 4, 1, 12)
    await accounts.noteKeyUse(accessKeyId, noon)
    equal((await accounts.key(accessKeyId)).usedAt, Date.UTC(2026, 4, 1))
    const committed = changelog.committed()
    await accounts.noteKeyUse(accessKeyId, noon + 3_600_000)
    await accounts.noteKeyUse('NONE', noon)
    equal(changelog.committed(), committed)
    await accounts.setKeyState(accessKeyId, 'disabled')
    equal((await accounts.key(accessKeyId)).usedAt, Date.UTC(2026, 4, 1), 'it stays')
  }))

test('there is one root, it stays, and its key is what its file says', () =>
  withAccounts(async (accounts, { changelog }) => {
    const root = await accounts.ensureRoot(rootKey, rootId)
    deepEqual([root.id, root.handle, root.isRoot], [rootId, 'root', true])
    const committed = changelog.committed()
    deepEqual(await accounts.ensureRoot(rootKey, parsePrincipalId('other')), root)
    equal(changelog.committed(), committed, 'nothing was written')
    const other = { accessKeyId: 'AKIAOTHER', secret: 'another-secret' }
    await accounts.ensureRoot(other, parsePrincipalId('other'))
    equal((await accounts.findKey('AKIAOTHER'))?.principal.id, rootId)
    await accounts.ensureRoot({ ...other, secret: 'changed-secret' }, rootId)
    equal((await accounts.findKey('AKIAOTHER'))?.secret, 'changed-secret')
    await rejects(accounts.removePrincipal('root'), fault('identity/root-stays'))
    await accounts.createPrincipal({ handle: 'alice' })
    await accounts.createKey('alice', { accessKeyId: 'ALICEKEY' })
    const stolen = accounts.ensureRoot(
      { accessKeyId: 'ALICEKEY', secret: 'a-secret-of-it' },
      rootId,
    )
    await rejects(stolen, fault('identity/key-exists'))
  }))

test('no secret lies in the database in clear', () =>
  withAccounts(async (accounts, { sql }) => {
    await accounts.createPrincipal({ handle: 'alice' })
    await accounts.createKey('alice', { accessKeyId: 'ALICEKEY', secret: 'a-secret-to-look-for' })
    const rows = await sql.query`select * from access_key`
    equal(rows.length, 1)
    for (const value of rows.flatMap((row) => Object.values(row)))
      equal(
        Buffer.from(value instanceof Uint8Array ? value : String(value)).includes('look-for'),
        false,
      )
  }))

/** Some of each, and what has gone again. */
async function populate(accounts: Accounts, { changelog }: MemoryStore): Promise<void> {
  await accounts.ensureRoot(rootKey, rootId)
  await accounts.createPrincipal({ handle: 'alice', email: 'a@example.org', tenant: 'testx' })
  await accounts.createPrincipal({ handle: 'bob' })
  await accounts.createKey('alice', { accessKeyId: 'ALICEKEY', expiresAt: 4_000_000_000_000 })
  await accounts.createKey('bob', { accessKeyId: 'BOBKEY' })
  await accounts.noteKeyUse('BOBKEY', Date.UTC(2026, 4, 1, 12))
  await accounts.setKeyState('BOBKEY', 'disabled')
  await accounts.createKey('bob', { accessKeyId: 'GONE' })
  await accounts.removeKey('GONE')
  await accounts.updatePrincipal('bob', { displayName: 'Bob the builder' })
  await populateStoreAccount(accounts)
  await populateOwnAccount(accounts)
  await populatePeople(accounts)
  const { id: principal } = await accounts.principal('zoe')
  const link = { id: 'link1', issuer: 'https://id.example', subject: 'user-7', principal }
  await changelog.commit((tx) =>
    tx.record({ kind: 'identity/link-put', ...link, provider: 'house' }),
  )
}

const document = (Effect: 'Allow' | 'Deny', Action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect, Action, Resource: '*' }] })
const trust = JSON.stringify({
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '*' } }],
})

async function populateStoreAccount({ administration }: Accounts): Promise<void> {
  const team = { account: '', kind: 'team', name: 'readers' } as const
  const policy = { account: '', kind: 'policy', name: 'reading' } as const
  await administration.create(team, { facts: {} })
  await administration.addMember('', 'readers', 'alice')
  await administration.addMember('', 'readers', 'bob')
  await administration.removeMember('', 'readers', 'bob')
  const { arn } = await administration.create(policy, {
    facts: { document: document('Allow', 's3:Get*'), description: 'to read' },
  })
  await administration.attach(team, arn)
  const alice = { account: '', kind: 'user', name: 'alice' } as const
  await administration.putInline(alice, 'one', document('Deny', 's3:Put*'))
  await administration.putInline(alice, 'gone', document('Deny', 's3:*'))
  await administration.removeInline(alice, 'gone')
  await administration.create({ account: '', kind: 'role', name: 'gone' }, { facts: { trust } })
  await administration.remove({ account: '', kind: 'role', name: 'gone' })
}

async function populateOwnAccount(accounts: Accounts): Promise<void> {
  const { administration } = accounts
  const { id: account } = await accounts.createPrincipal({ handle: 'acme', isAccount: true })
  const { id } = await administration.createUser(account, { name: 'carol', path: '/staff/' })
  await accounts.createKey(id, { accessKeyId: 'CAROLKEY' })
  const role = { account, kind: 'role', name: 'worker' } as const
  await administration.create(role, { path: '/night/', facts: { trust, sessionSecondsMax: 7_200 } })
  await administration.attach(role, 'arn:aws:iam::aws:policy/AmazonS3FullAccess')
}

const password = 'four words nobody guesses'

/** Those who sign in: an administrator, and two who are in a team. */
async function populatePeople(accounts: Accounts): Promise<void> {
  const { registration, signIns, tokens, teams, people } = accounts
  const add = (username: string) => ({ username, email: `${username}@example.org`, password })
  await registration.ensureAdmin(add('boss'))
  const boss = await actorOf(accounts, 'boss')
  const { code } = await registration.invite(boss, { email: 'zoe@example.org' })
  await registration.invite(boss, { days: 3 })
  await registration.register({ ...add('zoe'), invitation: code })
  await registration.add(boss, add('yann'))
  const [zoe, yann] = [await actorOf(accounts, 'zoe'), await actorOf(accounts, 'yann')]
  await teams.create(zoe, { name: 'docs-team', displayName: 'The docs' })
  await teams.update(zoe, 'docs-team', { defaultVisibility: 'private' })
  const { id } = await teams.invite(zoe, 'docs-team', { username: 'yann', role: 'reader' })
  await teams.accept(yann, id)
  await teams.setRole(zoe, 'docs-team', { member: 'yann', role: 'admin' })
  await teams.invite(zoe, 'docs-team', { username: 'bob', role: 'member' })
  const { info } = await tokens.create(zoe, { name: 'gone' })
  await tokens.revoke(zoe, info.id)
  await tokens.create(zoe, { name: 'ci', scopes: ['publish'], globs: ['@zoe/*'], days: 30 })
  await tokens.create(zoe, { name: 'reader', scopes: ['read'], days: 'never' })
  await registration.add(boss, add('left'))
  await signIns.login({ name: 'left', password })
  await people.update(boss, 'left', { isDisabled: true })
  await registration.add(boss, add('gone'))
  await accounts.removePrincipal('gone')
  await accounts.updatePrincipal('yann', { handle: 'yannick' })
}

/** As whoever has just signed in. */
async function actorOf(accounts: Accounts, name: string) {
  const from = { address: '192.0.2.1', agent: 'a test' }
  const { token } = await accounts.signIns.login({ name, password }, from)
  return await accounts.tokens.authenticate(token.text, from)
}

/** All that these tables hold. */
async function rowsOf(sql: Sql) {
  const tables = {
    scopes: await sql.query`select * from account_scope order by name`,
    members: await sql.query`select * from iam_membership order by team, member`,
    tokens: await sql.query`select * from bearer_token order by id`,
    invitations: await sql.query`select * from invitation order by id`,
    links: await sql.query`select * from login_link order by id`,
  }
  return Object.entries(tables).map(([name, rows]) => [name, rows.map((row) => ({ ...row }))])
}

async function seenOf(accounts: Accounts) {
  const { administration } = accounts
  const names = ['root', 'alice', 'bob']
  const { id } = await accounts.principal('acme')
  const kinds = ['team', 'role', 'policy'] as const
  const role = { account: id, kind: 'role', name: 'worker' } as const
  const carol = await accounts.findKey('CAROLKEY')
  equal(carol?.principal.standing?.arn, `arn:aws:iam::${id}:user/staff/carol`)
  return {
    principals: await accounts.listPrincipals(),
    keys: await Promise.all(names.map((name) => accounts.listKeys(name))),
    alice: await accounts.findKey('ALICEKEY'),
    carol,
    entities: await Promise.all(
      ['', id].flatMap((account) => kinds.map((kind) => administration.list(account, kind))),
    ),
    members: await administration.members('', 'readers'),
    teams: await administration.teamsOf('', 'alice'),
    users: await administration.listUsers(id),
    ofRole: await administration.rights(role),
  }
}

test('a lost database has the same principals and keys again, from the log', () =>
  withAccounts(async (accounts, store) => {
    await populate(accounts, store)
    const before = await accounts.findKey('ALICEKEY')
    equal(before?.principal.standing?.policies.length, 2, 'her own, and her team’s')
    const sql = await databaseFromLog(store)
    const again = new Accounts({ ...store, sql })
    deepEqual(await seenOf(again), await seenOf(accounts))
    deepEqual(await rowsOf(sql), await rowsOf(store.sql))
  }))

test('and from a snapshot', () =>
  withAccounts(async (accounts, store) => {
    await populate(accounts, store)
    const sql = await databaseFromDump(store)
    const again = new Accounts({ ...store, sql })
    deepEqual(await seenOf(again), await seenOf(accounts))
    deepEqual(await rowsOf(sql), await rowsOf(store.sql))
  }))
