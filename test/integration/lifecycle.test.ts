/** Lifecycle rules over a whole store on memory nodes: what they take, what they leave, and what happens when somebody writes in between. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeLog } from '#changelog/change'
import { runLifecycle } from '#object/lifecycle'
import type { LifecycleRule } from '#object/lifecycle-rules'
import { dayMs } from '#object/locks'
import type { EncryptionWish, ObjectStore, Traits, VersionId } from '#object/model'
import { parseBucketName, parseObjectKey } from '#object/names'
import { fault } from '../fault.ts'
import { databaseFromDump, type MemoryStore, openMemoryStore } from '../memory-store.ts'
import { bodyOf, textOf } from '../object-bytes.ts'

const bucket = parseBucketName('photos')
const { signal } = new AbortController()
const profile = { data: 2, parity: 2 }
const storageClasses = new Map([['COLD', { data: 3, parity: 1 }]])
async function withStore(work: (store: MemoryStore) => Promise<void>): Promise<void> {
  await using store = await openMemoryStore({ profile, nodes: 5, storageClasses })
  await store.objects.createBucket(bucket)
  await work(store)
}

async function put(
  objects: ObjectStore,
  name: string,
  text: string,
  traits: Traits = {},
  encryption?: EncryptionWish,
) {
  const options = { body: bodyOf(text), metadata: { user: {} }, traits, encryption, signal }
  return await objects.put(bucket, parseObjectKey(name), options)
}

async function read(objects: ObjectStore, name: string, version?: VersionId): Promise<string> {
  return await textOf(await objects.open(bucket, parseObjectKey(name), { version }))
}

async function setRules(objects: ObjectStore, ...rules: readonly Partial<LifecycleRule>[]) {
  const whole = rules.map((rule, index) => {
    return { id: `rule ${index}`, isEnabled: true, prefix: '', ...rule }
  })
  await objects.configure(bucket, 'lifecycle', whole)
}

/** A pass as it would go so many days from now; `changelog` and classes in place of the store's own. */
async function pass(
  store: MemoryStore,
  days: number,
  changelog: ChangeLog = store.changelog,
  classes: typeof storageClasses = storageClasses,
) {
  const { sql, packs, keys } = store
  const world = { ...store.world, now: () => store.world.now() + days * dayMs }
  const told: Record<string, number>[] = []
  await runLifecycle(
    {
      ...{ sql, changelog, store: store.store, packs, keys, profile, world },
      storageClasses: classes,
    },
    {
      engineDayMs: dayMs,
      telemetry: { lifecycleActed: ({ bucket: _, ...deeds }) => void told.push(deeds) },
      signal,
    },
  )
  return told
}

/** The store's change log, but from the nth commit of the pass on somebody else has come first. */
function interrupted(
  { changelog }: MemoryStore,
  nth: number,
  deed: () => Promise<void>,
): ChangeLog {
  let commits = 0
  let done: Promise<void> | undefined
  return {
    committed: () => changelog.committed(),
    reached: (sequence) => changelog.reached(sequence),
    witnessesMissing: () => [],
    close: () => changelog.close(),
    async commit(work) {
      commits += 1
      if (commits >= nth) done ??= deed()
      await done
      return await changelog.commit(work)
    },
  }
}

async function keysOf(objects: ObjectStore): Promise<readonly string[]> {
  return (await objects.list(bucket, { prefix: '', limit: 1_000 })).objects.map(({ key }) => key)
}

/** Newest first: what each version holds, `-` of a marker. */
async function stackOf(objects: ObjectStore, name: string): Promise<readonly string[]> {
  const { versions } = await objects.listVersions(bucket, { prefix: name, limit: 1_000 })
  return await Promise.all(
    versions.map(({ info, versionId }) =>
      info === undefined ? '-' : read(objects, name, versionId),
    ),
  )
}

const nothing = { expired: 0, removed: 0, moved: 0, aborted: 0, kept: 0, failed: 0 }

test('objects expire when their day is over, by prefix, tags and size, and others stay', () =>
  withStore(async (store) => {
    const { objects } = store
    await put(objects, 'logs/1', 'a')
    await put(objects, 'keep/1', 'b')
    await put(objects, 'keep/2', 'c', { tags: [['temporary', 'yes']] })
    await put(objects, 'keep/3', 'as long as twenty bytes')
    await setRules(
      objects,
      { prefix: 'logs/', expiration: { days: 1 } },
      { filter: { tags: [['temporary', 'yes']] }, expiration: { days: 2 } },
      { filter: { prefix: 'keep/', bytesAbove: 20 }, expiration: { days: 3 } },
      { isEnabled: false, expiration: { days: 1 } },
    )
    deepEqual(await pass(store, 0.99), [])
    equal((await keysOf(objects)).length, 4)
    deepEqual(await pass(store, 2), [{ ...nothing, expired: 1 }])
    deepEqual(await keysOf(objects), ['keep/1', 'keep/2', 'keep/3'])
    deepEqual(await pass(store, 4), [{ ...nothing, expired: 2 }])
    deepEqual(await keysOf(objects), ['keep/1'])
    deepEqual(await pass(store, 1_000), [])
  }))

test('a bucket of more keys than a page is gone through to its end', () =>
  withStore(async (store) => {
    const { objects } = store
    const names = Array.from({ length: 1_234 }, (_, index) => `k${index}`)
    await Promise.all(names.map((name) => put(objects, name, 'x')))
    await put(objects, 'other', 'y')
    await setRules(objects, { prefix: 'k', expiration: { days: 1 } })
    deepEqual(await pass(store, 2), [{ ...nothing, expired: 1_234 }])
    deepEqual(await keysOf(objects), ['other'])
  }))

test('with versions a marker takes the place; former versions and lone markers go in their time', () =>
  withStore(async (store) => {
    const { objects } = store
    await objects.setVersioning(bucket, 'enabled')
    for (const text of ['one', 'two', 'three', 'four']) await put(objects, 'a', text)
    await setRules(objects, {
      expiration: { days: 1 },
      formerExpiration: { days: 10, newerKept: 2 },
    })
    deepEqual(await pass(store, 2), [{ ...nothing, expired: 1 }])
    deepEqual(await stackOf(objects, 'a'), ['-', 'four', 'three', 'two', 'one'])
    deepEqual(await pass(store, 12), [{ ...nothing, removed: 2 }])
    deepEqual(await stackOf(objects, 'a'), ['-', 'four', 'three'])
    await setRules(objects, {
      expiration: { removesMarkers: true },
      formerExpiration: { days: 10 },
    })
    deepEqual(await pass(store, 5), [])
    deepEqual(await pass(store, 12), [{ ...nothing, removed: 2 }])
    deepEqual(await stackOf(objects, 'a'), ['-'])
    deepEqual(await pass(store, 0), [{ ...nothing, removed: 1 }])
    deepEqual(await stackOf(objects, 'a'), [])
  }))

test('what is locked stays until its time is over', async () => {
  await using store = await openMemoryStore({ profile, nodes: 5 })
  const { objects } = store
  await objects.createBucket(bucket, { isLockable: true })
  await put(objects, 'held', 'one', { legalHold: true })
  await put(objects, 'retained', 'one', {
    retention: { mode: 'GOVERNANCE', until: store.world.now() + dayMs },
  })
  for (const name of ['held', 'retained']) await put(objects, name, 'two')
  await setRules(objects, { expiration: { days: 1 }, formerExpiration: { days: 1 } })
  deepEqual(await pass(store, 3), [{ ...nothing, expired: 2, kept: 2 }])
  deepEqual(await stackOf(objects, 'held'), ['-', 'two', 'one'])
  await objects.setTraits(
    { bucket, key: parseObjectKey('held'), version: await oldest(objects, 'held') },
    { legalHold: false },
  )
  deepEqual(await pass(store, 3), [{ ...nothing, removed: 3, kept: 1 }])
  deepEqual(await stackOf(objects, 'retained'), ['-', 'one'])
})

async function oldest(objects: ObjectStore, name: string): Promise<VersionId | undefined> {
  const { versions } = await objects.listVersions(bucket, { prefix: name, limit: 10 })
  return versions.at(-1)?.versionId
}

test('what is written, tagged, or saved by other rules after a page was read, is left alone', () =>
  withStore(async (store) => {
    const { objects } = store
    await setRules(objects, { filter: { tags: [['temporary', 'yes']] }, expiration: { days: 1 } })
    const temporary: Traits = { tags: [['temporary', 'yes']] }
    for (const name of ['rewritten', 'retagged', 'stays due'])
      await put(objects, name, 'old', temporary)
    const log = interrupted(store, 1, async () => {
      await put(objects, 'rewritten', 'new')
      await objects.setTraits({ bucket, key: parseObjectKey('retagged') }, { tags: [] })
    })
    const told = await pass(store, 3, log)
    deepEqual(await keysOf(objects), ['retagged', 'rewritten'])
    equal(await read(objects, 'rewritten'), 'new')
    deepEqual(told, [{ ...nothing, expired: 1 }])
  }))

test('uploads that were never completed are given up, and their parts are garbage', () =>
  withStore(async (store) => {
    const { objects, sql } = store
    const begin = (name: string) =>
      objects.createUpload(bucket, parseObjectKey(name), { metadata: { user: {} } })
    const doomed = await begin('tmp/a')
    const other = await begin('keep/a')
    await objects.putPart(doomed, 1, { body: bodyOf(Buffer.alloc(100_000)), signal })
    await setRules(objects, { prefix: 'tmp/', abortsUploadsAfterDays: 2 })
    deepEqual(await pass(store, 1.99), [])
    deepEqual(await pass(store, 3), [{ ...nothing, aborted: 1 }])
    const gone = objects.headUpload(bucket, doomed.key, doomed.uploadId)
    await rejects(gone, fault('object/no-such-upload'))
    equal((await objects.headUpload(bucket, other.key, other.uploadId)).key, 'keep/a')
    deepEqual(await sql.query`select * from extent`, [])
  }))

const long = 'not to be packed '.repeat(10_000)

/** Of the chunks that a version's data lies in. */
async function profilesOf({ sql }: MemoryStore, sequence: bigint): Promise<readonly string[]> {
  const rows = await sql.query<{ data: number; parity: number }>`
    select distinct data, parity from chunk join extent on chunk.id = extent.chunk_id
    where extent.owner = ${sequence}`
  return rows.map(({ data, parity }) => `${data}+${parity}`)
}

test('objects move to the profile of another class: same versions, same bytes, also after a rebuild', () =>
  withStore(async (store) => {
    const { objects } = store
    await objects.setVersioning(bucket, 'enabled')
    const first = await put(objects, 'a', long)
    await put(objects, 'a', 'small')
    await setRules(objects, {
      transitions: [{ days: 5, storageClass: 'COLD' }],
      formerTransitions: [{ days: 1, storageClass: 'COLD' }],
    })
    deepEqual(await profilesOf(store, first.sequence), ['2+2'])
    deepEqual(await pass(store, 2), [{ ...nothing, moved: 1 }])
    deepEqual(await profilesOf(store, first.sequence), ['3+1'])
    deepEqual(await pass(store, 7), [{ ...nothing, moved: 1 }])
    deepEqual(await pass(store, 7), [])
    const seen = async (of: ObjectStore) => {
      const { versions } = await of.listVersions(bucket, { prefix: '', limit: 10 })
      return versions.map(({ info, versionId, modifiedAt }) => {
        return [versionId, modifiedAt, info?.etag, info?.traits.storageClass]
      })
    }
    const now = await seen(objects)
    deepEqual(now.at(-1), [first.versionId, first.modifiedAt, first.etag, 'COLD'])
    deepEqual(await stackOf(objects, 'a'), ['small', long])
    const rebuilt = store.objectsOn(await databaseFromDump(store))
    deepEqual(await seen(rebuilt), now)
    deepEqual(await stackOf(rebuilt, 'a'), ['small', long])
    deepEqual((await rebuilt.headBucket(bucket)).config, (await objects.headBucket(bucket)).config)
  }))

test('what a named key locks moves under it; what only its writer can open stays, and is told', () =>
  withStore(async (store) => {
    const { objects, keys } = store
    await keys.create('forest')
    const named = await put(objects, 'named', long, {}, { kind: 'aws:kms', keyId: 'forest' })
    const key = Buffer.alloc(32, 'key')
    await put(objects, 'own', long, {}, { kind: 'customer', key })
    await setRules(objects, { transitions: [{ days: 1, storageClass: 'COLD' }] })
    deepEqual(await pass(store, 2), [{ ...nothing, moved: 1, failed: 1 }])
    const moved = await objects.head(bucket, parseObjectKey('named'))
    deepEqual(
      [moved.traits.storageClass, moved.etag, moved.encryption],
      ['COLD', named.etag, named.encryption],
    )
    equal(await read(objects, 'named'), long)
    await keys.setState('forest', 'disabled')
    await rejects(read(objects, 'named'), fault('kms/key-disabled'))
    const opened = await objects.open(bucket, parseObjectKey('own'), { customerKey: key })
    equal(await textOf(opened), long)
  }))

test('copies, whole or as parts, have the profile of the class they ask for, not of their source', () =>
  withStore(async (store) => {
    const { objects } = store
    const from = { bucket, key: parseObjectKey('from') }
    await put(objects, 'from', long)
    const cold = { storageClass: 'COLD' }
    const to = { bucket, key: parseObjectKey('to') }
    const copied = await objects.copy(from, to, { traits: cold, signal })
    deepEqual(await profilesOf(store, copied.sequence), ['3+1'])
    const again = await objects.copy(to, to, { traits: {}, signal })
    deepEqual(await profilesOf(store, again.sequence), ['2+2'])
    const metadata = { user: {} }
    const upload = await objects.createUpload(bucket, to.key, { metadata, traits: cold })
    const { etag } = await objects.copyPart(upload, 1, from, { signal })
    const completed = await objects.completeUpload(upload, [{ number: 1, etag }], {})
    deepEqual(await profilesOf(store, completed.sequence), ['3+1'])
    equal(await read(objects, 'to'), long)
  }))

test('an object that is overwritten while it is stored anew stays as it was written', () =>
  withStore(async (store) => {
    const { objects } = store
    await put(objects, 'a', long)
    await setRules(objects, { transitions: [{ days: 1, storageClass: 'COLD' }] })
    const log = interrupted(store, 2, async () => void (await put(objects, 'a', 'new')))
    deepEqual(await pass(store, 2, log), [])
    equal(await read(objects, 'a'), 'new')
    deepEqual(await pass(store, 2), [{ ...nothing, moved: 1 }])
    equal(await read(objects, 'a'), 'new')
  }))

test('who follows a bucket is told what rules did, and with what', () =>
  withStore(async (store) => {
    const { objects, sql, targets } = store
    await targets.add('hook', {
      place: { kind: 'webhook', url: 'https://hook.example/', isPrivate: true },
      secret: undefined,
    })
    const arn = 'arn:mycelium:sqs:::hook'
    const events = ['s3:LifecycleExpiration:*', 's3:LifecycleTransition']
    const rule = { id: 'all', kind: 'queue', arn, target: 'hook', events }
    await objects.configure(bucket, 'notification', [rule])
    const told = async (): Promise<readonly Record<string, unknown>[]> => {
      const rows = await sql.query<{ notice: string }>`
        select notice from delivery order by sequence, ordinal`
      const notices = rows.map(({ notice }) => JSON.parse(notice))
      return notices.map(({ event: { name, versionId, storageClass } }) => {
        return { name, versionId, storageClass }
      })
    }
    await put(objects, 'unversioned', 'x')
    await setRules(objects, { expiration: { days: 1 }, formerExpiration: { days: 1 } })
    await pass(store, 3)
    const gone = { versionId: undefined, storageClass: undefined }
    deepEqual(await told(), [{ ...gone, name: 'LifecycleExpiration:Delete' }])
    await objects.setVersioning(bucket, 'enabled')
    const { versionId } = await put(objects, 'a', long)
    await setRules(objects, { transitions: [{ days: 1, storageClass: 'COLD' }] })
    await pass(store, 3)
    await setRules(objects, { expiration: { days: 1 }, formerExpiration: { days: 1 } })
    await pass(store, 3)
    await pass(store, 6)
    const [, moved, marked, removed] = await told()
    deepEqual(moved, { name: 'LifecycleTransition', versionId, storageClass: 'COLD' })
    equal(marked?.['name'], 'LifecycleExpiration:DeleteMarkerCreated')
    deepEqual(removed, { ...gone, name: 'LifecycleExpiration:Delete', versionId })
  }))

test('a version that cannot be moved, and a bucket that fails, keep nothing else waiting', () =>
  withStore(async (store) => {
    const { objects, changelog } = store
    await put(objects, 'a', long)
    await put(objects, 'b', 'x')
    await setRules(
      objects,
      { prefix: 'a', transitions: [{ days: 1, storageClass: 'COLD' }] },
      { prefix: 'b', expiration: { days: 1 } },
    )
    const withdrawn = new Map()
    deepEqual(await pass(store, 3, changelog, withdrawn), [{ ...nothing, failed: 1, expired: 1 }])
    equal(await read(objects, 'a'), long)
    const later = parseBucketName('later')
    await objects.createBucket(later)
    await setRules(objects, { prefix: 'b', expiration: { days: 1 } })
    const rules = (await objects.headBucket(bucket)).config.lifecycle
    await objects.configure(later, 'lifecycle', rules)
    await put(objects, 'b', 'in the first bucket')
    await objects.copy(
      { bucket, key: parseObjectKey('b') },
      { bucket: later, key: parseObjectKey('b') },
      { signal },
    )
    let commits = 0
    const broken: ChangeLog = {
      committed: () => changelog.committed(),
      reached: (sequence) => changelog.reached(sequence),
      witnessesMissing: () => [],
      close: () => changelog.close(),
      commit: (work) => {
        commits += 1
        return commits === 1 ? Promise.reject(new Error('broken')) : changelog.commit(work)
      },
    }
    await rejects(pass(store, 3, broken), /broken/)
    deepEqual(await keysOf(objects), ['a', 'b'])
    equal((await objects.list(later, { prefix: '', limit: 10 })).objects.length, 0)
  }))

test('markers that clients make are replicated, those of rules are not', () =>
  withStore(async (store) => {
    const { objects, sql } = store
    await objects.setVersioning(bucket, 'enabled')
    for (const name of ['a', 'b']) await put(objects, name, 'x')
    const destination = { arn: 'arn:aws:s3:::later', to: { bucket: 'later' } }
    const rules = [{ id: 'all', isEnabled: true, repeatsMarkers: true, destination }]
    await objects.configure(bucket, 'replication', { role: '', by: 'somebody', rules })
    const waiting = async (): Promise<readonly unknown[]> => {
      const rows = await sql.query<{ notice: string }>`select notice from delivery`
      return rows.map(({ notice }) => JSON.parse(notice)).map(({ key }) => key)
    }
    await objects.delete(bucket, parseObjectKey('a'))
    await setRules(objects, { expiration: { days: 1 } })
    deepEqual(await pass(store, 3), [{ ...nothing, expired: 1 }])
    deepEqual(await waiting(), ['a'])
  }))
