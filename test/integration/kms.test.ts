/** Named keys: made once, rotated, disabled; what they give, and that they are there again after a rebuild. */
import { deepEqual, equal, notDeepEqual, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { addGeneration, createKeyring } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { newMasterKey } from '#keyring/master-key'
import { KeyService, type KeyVersion } from '#kms/key-service'
import { systemWorld } from '#world/system'
import { fault } from '../fault.ts'
import {
  databaseFromDump,
  databaseFromLog,
  type MemoryStore,
  openMemoryStore,
} from '../memory-store.ts'

const small = { profile: { data: 2, parity: 1 }, nodes: 3 }
async function withKeys(
  work: (keys: KeyService, store: MemoryStore) => Promise<void>,
): Promise<void> {
  await using store = await openMemoryStore(small)
  await work(store.keys, store)
}

test('a key is made, shown, listed by name, and there is one default at most', () =>
  withKeys(async (keys) => {
    const made = await keys.create('photos', { description: 'for photos', isDefault: true })
    deepEqual([made.state, made.version, made.isDefault], ['enabled', 1, true])
    deepEqual(await keys.describe('photos'), made)
    await keys.create('archive')
    await keys.makeDefault('archive')
    deepEqual(
      (await keys.list()).map(({ id, isDefault }) => [id, isDefault]),
      [
        ['archive', true],
        ['photos', false],
      ],
    )
  }))

test('names that are taken, unknown, or could be mistaken for something else are refused', () =>
  withKeys(async (keys) => {
    await keys.create('photos')
    await rejects(keys.create('photos'), fault('kms/key-exists'))
    for (const id of ['', '-a', 'a b', 'a/b', 'a'.repeat(129), 'ä'])
      await rejects(keys.create(id), fault('kms/malformed-key-id'))
    for (const description of ['a\nb', 'a'.repeat(257)])
      await rejects(keys.create('other', { description }), fault('kms/malformed-description'))
    await rejects(keys.describe('other'), fault('kms/no-such-key'))
    await rejects(keys.rotate('other'), fault('kms/no-such-key'))
    await rejects(keys.setState('other', 'disabled'), fault('kms/no-such-key'))
  }))

test('each version of each key gives something else for each context, and the same each time', () =>
  withKeys(async (keys, { sql }) => {
    const derive = (key: KeyVersion, context: string) => keys.derive(sql, key, context)
    await keys.create('a')
    await keys.create('b')
    const first = await keys.current(sql, 'a')
    equal((await keys.rotate('a')).version, 2)
    const second = await keys.current(sql, 'a')
    const given = [
      await derive(first, '[]'),
      await derive(second, '[]'),
      await derive(await keys.current(sql, 'b'), '[]'),
      await derive(first, '[["for","you"]]'),
    ].map((key) => Buffer.from(key).toString('hex'))
    equal(new Set(given).size, 4)
    equal(Buffer.from(await derive(first, '[]')).toString('hex'), given[0])
    await rejects(derive({ id: 'a', version: 3 }, '[]'), fault('kms/no-such-key'))
  }))

test('a disabled key gives nothing until it is enabled, old versions included', () =>
  withKeys(async (keys, { sql }) => {
    await keys.create('a', { isDefault: true })
    const first = await keys.current(sql, undefined)
    await keys.rotate('a')
    equal((await keys.setState('a', 'disabled')).state, 'disabled')
    await rejects(keys.current(sql, 'a'), fault('kms/key-disabled'))
    await rejects(keys.current(sql, undefined), fault('kms/key-disabled'))
    await rejects(keys.derive(sql, first, '[]'), fault('kms/key-disabled'))
    await keys.setState('a', 'enabled')
    equal((await keys.derive(sql, first, '[]')).length, 32)
  }))

test('who names no key gets the default one, and an error where there is none', () =>
  withKeys(async (keys, { sql }) => {
    await keys.create('a')
    await rejects(keys.current(sql, undefined), fault('kms/no-default-key'))
    await keys.makeDefault('a')
    deepEqual(await keys.current(sql, undefined), { id: 'a', version: 1 })
  }))

/** Some of each. */
async function populate(keys: KeyService): Promise<void> {
  await keys.create('a', { description: 'the first', isDefault: true })
  await keys.rotate('a')
  await keys.create('b', { isDefault: true })
  await keys.setState('b', 'disabled')
  await keys.create('c')
}

/** What an object that was sealed under the first version of the first key needs. */
async function seenOf(keys: KeyService, sql: MemoryStore['sql']) {
  return { keys: await keys.list(), given: await keys.derive(sql, { id: 'a', version: 1 }, '[]') }
}

test('a lost database has the same keys again, from the log', () =>
  withKeys(async (keys, store) => {
    await populate(keys)
    const sql = await databaseFromLog(store)
    deepEqual(await seenOf(new KeyService({ ...store, sql }), sql), await seenOf(keys, store.sql))
  }))

test('and from a snapshot', () =>
  withKeys(async (keys, store) => {
    await populate(keys)
    const sql = await databaseFromDump(store)
    deepEqual(await seenOf(new KeyService({ ...store, sql }), sql), await seenOf(keys, store.sql))
  }))

test('after a new generation the same material is wrapped anew, and gives the same', () =>
  withKeys(async (_, { sql, changelog }) => {
    const world = systemWorld()
    const master = newMasterKey(world)
    const file = createKeyring({ master, world })
    const before = new KeyService({ sql, changelog, keyring: openKeyring(file, master), world })
    await populate(before)
    const seen = await seenOf(before, sql)
    const [wrapped] = await sql.query`select materials from named_key where id = 'a'`
    const keyring = openKeyring(addGeneration(file, master, world), master)
    const after = new KeyService({ sql, changelog, keyring, world })
    equal(await after.rewrapMaterials(), 3)
    equal(await after.rewrapMaterials(), 0)
    notDeepEqual(await sql.query`select materials from named_key where id = 'a'`, [wrapped])
    deepEqual(await seenOf(after, sql), seen)
  }))
