/** What buckets hold is counted exactly, whatever is done to them, and no write passes a quota, however many race for it. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { migrate, roomsByName } from '#changelog/rooms'
import { isFault } from '#fault/fault'
import type { ObjectStore, UploadInfo, Versioning } from '#object/model'
import { parseBucketName, parseObjectKey, parseVersionId } from '#object/names'
import { objectRoom } from '#object/tables'
import { SqliteMemory } from '#sql/sqlite-memory'
import { databaseFromDump, type MemoryStore, openMemoryStore, rooms } from '../memory-store.ts'

const bucket = parseBucketName('photos')
const other = parseBucketName('others')
const { signal } = new AbortController()
const small = { profile: { data: 2, parity: 1 }, nodes: 3 }
const exceeded = (error: unknown) => isFault(error, 'object/quota-exceeded')
const aKey = parseObjectKey('a')

function bodyOf(bytes: number) {
  const seen = { isPulled: false }
  async function* stream() {
    seen.isPulled = true
    yield Buffer.alloc(bytes, 1)
  }
  return { seen, stream: stream(), bytes, digests: [], verify: () => undefined }
}

function put(objects: ObjectStore, name: string, bytes: number, into = bucket) {
  const options = { body: bodyOf(bytes), metadata: { user: {} }, signal }
  return objects.put(into, parseObjectKey(name), options)
}

const begin = (objects: ObjectStore, name = 'a'): Promise<UploadInfo> =>
  objects.createUpload(bucket, parseObjectKey(name), { metadata: { user: {} } })

const putPart = (objects: ObjectStore, upload: UploadInfo, number: number, bytes: number) =>
  objects.putPart(upload, number, { body: bodyOf(bytes), signal })

async function used(objects: ObjectStore, of = bucket): Promise<readonly [number, number]> {
  const [usage] = await objects.bucketUsage(of)
  return [usage?.bytes ?? -1, usage?.objects ?? -1]
}

async function withStore(work: (store: MemoryStore) => Promise<void>): Promise<void> {
  await using store = await openMemoryStore(small)
  await store.objects.createBucket(bucket, { owner: 'ann' })
  await store.objects.createBucket(other, { owner: 'ann' })
  await work(store)
}

/** Row by row. */
async function counted({ sql }: MemoryStore): Promise<readonly (readonly [number, number])[]> {
  const rows = await sql.query<{ bytes: number; objects: number }>`
    select (select coalesce(sum(bytes), 0) from version where version.bucket = bucket.id)
        + (select coalesce(sum(bytes), 0) from former where former.bucket = bucket.id)
        + (select coalesce(sum(part.bytes), 0) from part join upload on upload.id = part.upload where upload.bucket = bucket.id)
        as bytes,
      (select count(*) from version where version.bucket = bucket.id)
        + (select count(*) from former where former.bucket = bucket.id and is_marker = 0) as objects
    from bucket order by name`
  return rows.map(({ bytes, objects }) => [bytes, objects])
}

async function told(objects: ObjectStore): Promise<readonly (readonly [number, number])[]> {
  return (await objects.bucketUsage()).map(({ bytes, objects }) => [bytes, objects])
}

const where = { key: fc.constantFrom('k', 'l'), into: fc.constantFrom(bucket, other) }
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), bytes: fc.nat(500), ...where }),
  fc.record({ kind: fc.constant('copy' as const), ...where }),
  fc.record({ kind: fc.constant('delete' as const), ...where }),
  fc.record({ kind: fc.constant('remove' as const), nth: fc.nat(3), ...where }),
  fc.record({ kind: fc.constant('part' as const), number: fc.nat(2), bytes: fc.nat(500) }),
  fc.record({ kind: fc.constant('complete' as const) }),
  fc.record({ kind: fc.constant('abort' as const) }),
  fc.record({
    kind: fc.constant('set' as const),
    versioning: fc.constantFrom<Versioning>('enabled', 'suspended'),
    into: where.into,
  }),
)

test('the counters are what counting every row gives, now and after a rebuild', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), (steps) =>
      withStore(async (store) => {
        const { objects } = store
        let upload: UploadInfo | undefined
        for (const one of steps) {
          if (one.kind === 'put') await put(objects, one.key, one.bytes, one.into)
          else if (one.kind === 'copy') {
            const source = { bucket, key: parseObjectKey('k') }
            const target = { bucket: one.into, key: parseObjectKey(one.key) }
            await objects.copy(source, target, { signal }).catch(absent)
          } else if (one.kind === 'delete') {
            await objects.delete(one.into, parseObjectKey(one.key))
          } else if (one.kind === 'remove') {
            const { versions } = await objects.listVersions(one.into, { prefix: '', limit: 9 })
            const found = versions[one.nth]
            if (found === undefined) continue
            await objects.delete(one.into, found.key, { version: parseVersionId(found.versionId) })
          } else if (one.kind === 'part') {
            upload ??= await begin(objects)
            await putPart(objects, upload, one.number + 1, one.bytes)
          } else if (one.kind === 'set') {
            await objects.setVersioning(one.into, one.versioning)
          } else if (upload !== undefined) {
            const { parts } = await objects.listParts(upload, { after: 0, limit: 1 })
            if (one.kind === 'complete' && parts.length > 0)
              await objects.completeUpload(upload, parts, {})
            else await objects.abortUpload(upload)
            upload = undefined
          }
        }
        const exact = await counted(store)
        deepEqual(await told(objects), exact)
        deepEqual(await told(store.objectsOn(await databaseFromDump(store))), exact)
      }),
    ),
    { numRuns: 40 },
  ))

function absent(error: unknown): void {
  if (!isFault(error, 'object/no-such-key')) throw error
}

test('a store that is older than its counters is counted when it is opened', async () => {
  const before = objectRoom.migrations.slice(0, 3)
  const others = rooms.filter((room) => room !== objectRoom)
  const sql = new SqliteMemory().open()
  const key = Buffer.from('a')
  await sql.transaction(async (tx) => {
    await migrate(tx, roomsByName([...others, { ...objectRoom, migrations: before }]))
    await tx.query`insert into bucket (id, name, at, profile) values (1, 'photos', 1, '2+1')`
    await tx.query`insert into version (bucket, key, sequence, at, bytes, etag, metadata) values (1, ${key}, 2, 1, 20, '', '{}')`
    await tx.query`insert into former (bucket, key, age, sequence, at, bytes, etag, metadata, is_null, is_marker)
      values (1, ${key}, -3, 3, 1, 100, '', '{}', 0, 0), (1, ${key}, -4, 4, 1, 0, '', '{}', 0, 1)`
    await tx.query`insert into upload (id, bucket, key, sequence, at, metadata) values ('u', 1, ${key}, 5, 1, '{}')`
    await tx.query`insert into part (upload, number, sequence, at, bytes, etag) values ('u', 1, 6, 1, 3, '')`
    await migrate(tx, roomsByName(rooms))
  })
  const [row] = await sql.query`select used_bytes, used_objects from bucket`
  deepEqual({ ...row }, { used_bytes: 123, used_objects: 2 })
  await sql.close()
})

test('of writes that race for the last room, as many succeed as there is room for', () =>
  withStore(async ({ objects }) => {
    await objects.configure(bucket, 'quota', { bytes: 1_000, objects: 50 })
    const racing = Array.from({ length: 30 }, (_, index) => put(objects, `key ${index}`, 100))
    const outcomes = await Promise.allSettled(racing)
    equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 10)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') equal(exceeded(outcome.reason), true)
    deepEqual(await used(objects), [1_000, 10])
    const stored = outcomes.findIndex(({ status }) => status === 'fulfilled')
    await put(objects, `key ${stored}`, 100)
    await rejects(put(objects, 'empty', 1), exceeded)
    await put(objects, 'empty', 0)
  }))

test('objects are limited beside bytes, versions count, and deleting gives room again', () =>
  withStore(async ({ objects }) => {
    await objects.configure(bucket, 'quota', { objects: 2 })
    await objects.setVersioning(bucket, 'enabled')
    await put(objects, 'a', 1)
    const second = await put(objects, 'a', 1)
    await rejects(put(objects, 'a', 1), exceeded)
    await objects.delete(bucket, aKey) // a marker is no object
    await rejects(put(objects, 'b', 1), exceeded)
    const version = parseVersionId(String(second.versionId))
    await objects.delete(bucket, aKey, { version })
    await put(objects, 'b', 1)
    await objects.configure(bucket, 'quota', undefined)
    await put(objects, 'c', 1)
  }))

test("an owner's quota counts all their buckets, and nobody else's", () =>
  withStore(async ({ objects }) => {
    const foreign = parseBucketName('foreign')
    await objects.createBucket(foreign, { owner: 'bob' })
    await objects.setOwnerQuota('ann', { bytes: 250 })
    await put(objects, 'a', 100)
    await put(objects, 'b', 100, other)
    await rejects(put(objects, 'c', 51, other), exceeded)
    await put(objects, 'c', 1_000, foreign)
    deepEqual(await objects.ownerUsage('ann'), { bytes: 200, objects: 2, quota: { bytes: 250 } })
    await objects.setOwnerQuota('ann', undefined)
    await put(objects, 'c', 51, other)
    deepEqual(await objects.ownerUsage('ann'), { bytes: 251, objects: 3 })
  }))

test('parts count as bytes, copies as what they are copies of; completing needs no room of its own', () =>
  withStore(async ({ objects }) => {
    await objects.configure(bucket, 'quota', { bytes: 300 })
    const upload = await begin(objects)
    const part = await putPart(objects, upload, 1, 200)
    await rejects(putPart(objects, upload, 2, 101), exceeded)
    await putPart(objects, upload, 1, 300)
    await rejects(put(objects, 'b', 1), exceeded)
    const again = await putPart(objects, upload, 1, 200)
    equal(again.etag, part.etag)
    await objects.completeUpload(upload, [again], {})
    deepEqual(await used(objects), [200, 1])
    const target = { bucket, key: parseObjectKey('copy') }
    await rejects(objects.copy({ bucket, key: aKey }, target, { signal }), exceeded)
    const copied = await begin(objects, 'copied')
    await rejects(objects.copyPart(copied, 1, { bucket, key: aKey }, { signal }), exceeded)
    deepEqual(await used(objects), [200, 1])
  }))

test('a large body that has no room is refused before it is asked for, unless it replaces as much', () =>
  withStore(async ({ objects }) => {
    await objects.configure(bucket, 'quota', { bytes: 100_000 })
    const attempt = async (name: string, bytes: number): Promise<boolean> => {
      const body = bodyOf(bytes)
      const options = { body, metadata: { user: {} }, signal }
      await objects.put(bucket, parseObjectKey(name), options).catch((error: unknown) => {
        if (!exceeded(error)) throw error
      })
      return body.seen.isPulled
    }
    equal(await attempt('a', 90_000), true)
    equal(await attempt('b', 90_000), false)
    equal(await attempt('a', 95_000), true)
    deepEqual(await used(objects), [95_000, 1])
  }))

test('quotas are there again after a rebuild', () =>
  withStore(async (store) => {
    const { objects } = store
    await objects.configure(bucket, 'quota', { bytes: 100 })
    await objects.setOwnerQuota('ann', { objects: 2 })
    await objects.setOwnerQuota('bob', { bytes: 1, objects: 1 })
    await put(objects, 'a', 60)
    const again = store.objectsOn(await databaseFromDump(store))
    for (const owner of ['ann', 'bob'])
      deepEqual(await again.ownerUsage(owner), await objects.ownerUsage(owner))
    deepEqual(await again.bucketUsage(), await objects.bucketUsage())
    deepEqual((await again.headBucket(bucket)).config.quota, { bytes: 100 })
  }))
