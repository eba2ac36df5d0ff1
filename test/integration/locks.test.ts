/** Tags, retention and legal holds: what they forbid, how they change, and that they outlive the database. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import type { ObjectStore, Retention, Traits, VersionId } from '#object/model'
import { parseBucketName, parseObjectKey } from '#object/names'
import { fault } from '../fault.ts'
import {
  databaseFromDump,
  databaseFromLog,
  type MemoryStore,
  openMemoryStore,
} from '../memory-store.ts'
import { bodyOf } from '../object-bytes.ts'

const bucket = parseBucketName('archive')
const key = parseObjectKey('deed')
const { signal } = new AbortController()
const small = { profile: { data: 2, parity: 1 }, nodes: 3 }
const hourMs = 3_600_000

async function withBucket(
  work: (objects: ObjectStore, store: MemoryStore) => Promise<void>,
  isLockable = true,
): Promise<void> {
  await using store = await openMemoryStore(small)
  await store.objects.createBucket(bucket, { isLockable })
  await work(store.objects, store)
}

async function put(objects: ObjectStore, traits?: Traits): Promise<VersionId> {
  const { versionId } = await objects.put(bucket, key, {
    body: bodyOf('text'),
    metadata: { user: {} },
    ...(traits === undefined ? {} : { traits }),
    signal,
  })
  ok(versionId !== undefined)
  return versionId
}

const governed = (ms = hourMs): Retention => ({ mode: 'GOVERNANCE', until: Date.now() + ms })
const compliant = (ms = hourMs): Retention => ({ mode: 'COMPLIANCE', until: Date.now() + ms })

test('a lockable bucket keeps versions, and cannot stop to', () =>
  withBucket(async (objects) => {
    const { versioning, config } = await objects.headBucket(bucket)
    deepEqual([versioning, config.lock], ['enabled', {}])
    await rejects(objects.setVersioning(bucket, 'suspended'), fault('object/invalid-bucket-state'))
    const removal = objects.configure(bucket, 'lock', undefined)
    await rejects(removal, fault('object/invalid-bucket-state'))
  }))

test('what is governed goes only by who may bypass it, what is compliant by nobody', () =>
  withBucket(async (objects) => {
    const version = await put(objects, { retention: governed() })
    await rejects(objects.delete(bucket, key, { version }), fault('object/locked'))
    ok((await objects.delete(bucket, key)).isMarker, 'a marker removes nothing')
    await objects.delete(bucket, key, { version, bypassesGovernance: true })
    const strict = await put(objects, { retention: compliant() })
    const bypassed = objects.delete(bucket, key, { version: strict, bypassesGovernance: true })
    await rejects(bypassed, fault('object/locked'))
    const outcomes = await objects.deleteMany(bucket, [
      { key, version: strict },
      { key, version: await put(objects) },
    ])
    deepEqual(
      outcomes.map((outcome) => outcome instanceof Error),
      [true, false],
    )
  }))

test('a retention that is over holds nothing', () =>
  withBucket(async (objects) => {
    const version = await put(objects, { retention: compliant(-1) })
    await objects.delete(bucket, key, { version })
  }))

test('a time may be made longer by anybody, and shorter by who may bypass it', () =>
  withBucket(async (objects) => {
    const address = { bucket, key, version: await put(objects, { retention: governed() }) }
    const set = (retention: Retention | undefined, bypassesGovernance = false) =>
      objects.setTraits(address, { retention }, { bypassesGovernance })
    await set(governed(2 * hourMs))
    await rejects(set(governed()), fault('object/locked'))
    await rejects(set(undefined), fault('object/locked'))
    await rejects(set(compliant(3 * hourMs)), fault('object/locked'))
    await set(governed(), true)
    await set(undefined, true)
    deepEqual((await objects.head(bucket, key)).traits, {})
    await set(compliant())
    await rejects(set(governed(9 * hourMs), true), fault('object/locked'))
    await rejects(set(compliant(1), true), fault('object/locked'))
    await set(compliant(2 * hourMs))
  }))

test('a legal hold holds for as long as it is on', () =>
  withBucket(async (objects) => {
    const version = await put(objects, { legalHold: true })
    const bypassed = objects.delete(bucket, key, { version, bypassesGovernance: true })
    await rejects(bypassed, fault('object/locked'))
    await objects.setTraits({ bucket, key, version }, { legalHold: false })
    await objects.delete(bucket, key, { version })
  }))

test('new objects get the default, unless they ask for something else', () =>
  withBucket(async (objects) => {
    await objects.configure(bucket, 'lock', { mode: 'GOVERNANCE', days: 2 })
    const before = Date.now()
    await put(objects)
    const { retention } = (await objects.head(bucket, key)).traits
    equal(retention?.mode, 'GOVERNANCE')
    ok(retention.until >= before + 48 * hourMs && retention.until <= Date.now() + 48 * hourMs)
    const wanted = compliant()
    await put(objects, { retention: wanted })
    deepEqual((await objects.head(bucket, key)).traits.retention, wanted)
    await objects.configure(bucket, 'lock', { mode: 'COMPLIANCE', years: 1 })
    await put(objects)
    const year = (await objects.head(bucket, key)).traits.retention?.until ?? 0
    equal(new Date(year).getUTCFullYear(), new Date().getUTCFullYear() + 1)
  }))

test('without a lock, none can be asked for', () =>
  withBucket(async (objects) => {
    await objects.setVersioning(bucket, 'enabled')
    await rejects(put(objects, { retention: governed() }), fault('object/not-lockable'))
    const version = await put(objects, { tags: [['a', '1']] })
    const held = objects.setTraits({ bucket, key, version }, { legalHold: true })
    await rejects(held, fault('object/not-lockable'))
    const traits = { legalHold: true }
    const upload = objects.createUpload(bucket, key, { metadata: { user: {} }, traits })
    await rejects(upload, fault('object/not-lockable'))
    await objects.configure(bucket, 'lock', {})
    await objects.setTraits({ bucket, key, version }, { legalHold: true })
  }, false))

test('a copy takes tags along, and no lock; tags are replaced as a whole', () =>
  withBucket(async (objects) => {
    await put(objects, { retention: governed(), tags: [['a', '1']] })
    const target = { bucket, key: parseObjectKey('copy') }
    const copied = await objects.copy({ bucket, key }, target, { signal })
    deepEqual(copied.traits, { tags: [['a', '1']] })
    const retagged = await objects.copy({ bucket, key }, target, { traits: { tags: [] }, signal })
    deepEqual(retagged.traits, { tags: [] })
    await objects.setTraits({ bucket, key }, { tags: [['b', '2']] })
    const { tags, retention } = (await objects.head(bucket, key)).traits
    deepEqual([tags, retention?.mode], [[['b', '2']], 'GOVERNANCE'])
  }))

test('what an upload was begun with is what it comes to', () =>
  withBucket(async (objects) => {
    const traits: Traits = { retention: governed(), legalHold: true, tags: [['a', '1']] }
    const upload = await objects.createUpload(bucket, key, { metadata: { user: {} }, traits })
    const { etag } = await objects.putPart(upload, 1, { body: bodyOf('part'), signal })
    await objects.completeUpload(upload, [{ number: 1, etag }], {})
    deepEqual((await objects.head(bucket, key)).traits, traits)
  }))

test('locks, tags and settings outlive the database', () =>
  withBucket(async (objects, store) => {
    await objects.configure(bucket, 'lock', { mode: 'COMPLIANCE', days: 1 })
    await objects.configure(bucket, 'tags', [['team', 'records']])
    const cors = { origins: ['*'], methods: ['GET'], headers: [], exposed: [] }
    await objects.configure(bucket, 'cors', [cors])
    const first = await put(objects, { tags: [['a', '1']] })
    await put(objects, { legalHold: true })
    await objects.delete(bucket, key)
    const seen = async (of: ObjectStore) => ({
      bucket: await of.headBucket(bucket),
      versions: await of.listVersions(bucket, { prefix: '', limit: 10 }),
    })
    const wanted = await seen(objects)
    equal(wanted.versions.versions.length, 3)
    for (const sql of [await databaseFromLog(store), await databaseFromDump(store)])
      deepEqual(await seen(store.objectsOn(sql)), wanted)
    await rejects(objects.delete(bucket, key, { version: first }), fault('object/locked'))
  }))
