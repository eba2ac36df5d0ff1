/** Versions in the object domain: what a model of a key's stack says, a rebuild gives again, and a listing tells page by page. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Deletion, ObjectStore, VersionEntry, VersionId, Versioning } from '#object/model'
import { nullVersion, parseBucketName, parseObjectKey, parseVersionId } from '#object/names'
import { fault } from '../fault.ts'
import { databaseFromDump, type MemoryStore, openMemoryStore } from '../memory-store.ts'
import { bodyOf, textOf } from '../object-bytes.ts'

const bucket = parseBucketName('photos')
const { signal } = new AbortController()
const small = { profile: { data: 2, parity: 1 }, nodes: 3 }
async function withStore(work: (store: MemoryStore) => Promise<void>): Promise<void> {
  await using store = await openMemoryStore(small)
  await store.objects.createBucket(bucket)
  await work(store)
}

async function put(objects: ObjectStore, name: string, text: string) {
  const options = { body: bodyOf(text), metadata: { user: {} }, signal }
  return await objects.put(bucket, parseObjectKey(name), options)
}

async function read(objects: ObjectStore, name: string, version?: VersionId): Promise<string> {
  return await textOf(await objects.open(bucket, parseObjectKey(name), { version }))
}

/** In pages of so many. */
async function listAll(objects: ObjectStore, limit: number, more: object = {}) {
  const entries: VersionEntry[] = []
  const prefixes: string[] = []
  for (let from = {}; ; ) {
    const page = await objects.listVersions(bucket, { prefix: '', limit, ...more, ...from })
    entries.push(...page.versions)
    prefixes.push(...page.commonPrefixes)
    if (page.next === undefined) return { entries, prefixes }
    const { key, version } = page.next
    from = { afterKey: key, ...(version === undefined ? {} : { afterVersion: version }) }
  }
}

test('a bucket that keeps versions loses nothing that was overwritten or deleted', () =>
  withStore(async ({ objects }) => {
    const first = await put(objects, 'a', 'one')
    equal(first.versionId, undefined)
    await objects.setVersioning(bucket, 'enabled')
    equal((await objects.headBucket(bucket)).versioning, 'enabled')
    const second = await put(objects, 'a', 'two')
    ok(second.versionId !== undefined && second.versionId !== nullVersion)
    const { versionId: marker, isMarker } = await objects.delete(bucket, parseObjectKey('a'))
    ok(isMarker && marker !== undefined)
    await rejects(read(objects, 'a'), fault('object/no-such-key'))
    equal(await read(objects, 'a', nullVersion), 'one')
    equal(await read(objects, 'a', second.versionId), 'two')
    await rejects(read(objects, 'a', marker), fault('object/delete-marker'))
    deepEqual((await objects.list(bucket, { prefix: '', limit: 10 })).objects, [])
    deepEqual(await objects.delete(bucket, parseObjectKey('a'), { version: marker }), {
      versionId: marker,
      isMarker: true,
    })
    equal(await read(objects, 'a'), 'two')
    await rejects(objects.deleteBucket(bucket), fault('object/bucket-not-empty'))
    await objects.delete(bucket, parseObjectKey('a'), { version: second.versionId })
    equal(await read(objects, 'a'), 'one')
    await objects.delete(bucket, parseObjectKey('a'), { version: nullVersion })
    await objects.deleteBucket(bucket)
  }))

test('a version that is not there, or can name none', () =>
  withStore(async ({ objects }) => {
    await put(objects, 'a', 'one')
    const missing = parseVersionId('0'.repeat(16))
    await rejects(read(objects, 'a', missing), fault('object/no-such-version'))
    for (const text of ['', 'x', 'null ', '0'.repeat(15), 'f'.repeat(16)]) {
      const parse = async () => parseVersionId(text)
      await rejects(parse, fault('object/invalid-version-id'))
    }
    deepEqual(await objects.delete(bucket, parseObjectKey('a'), { version: missing }), {
      isMarker: false,
    })
    equal(await read(objects, 'a'), 'one')
  }))

test('a copy is of the version that is named', () =>
  withStore(async ({ objects }) => {
    await objects.setVersioning(bucket, 'enabled')
    const { versionId } = await put(objects, 'a', 'one')
    await put(objects, 'a', 'two')
    ok(versionId !== undefined)
    const source = { bucket, key: parseObjectKey('a'), version: versionId }
    const target = { bucket, key: parseObjectKey('b') }
    const copied = await objects.copy(source, target, { signal })
    equal(copied.sourceVersionId, versionId)
    equal(await read(objects, 'b'), 'one')
    equal(await read(objects, 'b', copied.versionId), 'one')
  }))

test('a conditional delete asks the version it is about', () =>
  withStore(async ({ objects }) => {
    await objects.setVersioning(bucket, 'enabled')
    const key = parseObjectKey('a')
    const wrong = fault('object/precondition-failed')
    deepEqual(await objects.delete(bucket, key, { condition: { ifMatch: '*' } }), {
      isMarker: false,
    })
    const { versionId, etag, modifiedAt } = await put(objects, 'a', 'one')
    ok(versionId !== undefined)
    await rejects(objects.delete(bucket, key, { condition: { ifMatch: ['x'] } }), wrong)
    await rejects(objects.delete(bucket, key, { condition: { bytes: 4 } }), wrong)
    await rejects(objects.delete(bucket, key, { condition: { modifiedAt: 0 } }), wrong)
    const right = { ifMatch: [etag], bytes: 3, modifiedAt }
    ok((await objects.delete(bucket, key, { condition: right })).isMarker)
    await rejects(objects.delete(bucket, key, { condition: { ifMatch: [etag] } }), wrong) // of the marker
    ok(!(await objects.delete(bucket, key, { version: versionId, condition: right })).isMarker)
  }))

test('pages of versions follow each other, with prefixes and delimiters', () =>
  withStore(async ({ objects }) => {
    await objects.setVersioning(bucket, 'enabled')
    for (const name of ['a', 'b/1', 'b/2', 'b/2', 'c', 'c', 'c', 'd/1'])
      await put(objects, name, name)
    await objects.delete(bucket, parseObjectKey('c'))
    await objects.delete(bucket, parseObjectKey('b/1'))
    const all = await listAll(objects, 1_000)
    deepEqual(
      all.entries.map(
        ({ key, isLatest, info }) => `${key}${isLatest ? '!' : ''}${info ? '' : '-'}`,
      ),
      ['a!', 'b/1!-', 'b/1', 'b/2!', 'b/2', 'c!-', 'c', 'c', 'c', 'd/1!'],
    )
    for (const limit of [1, 2, 3, 4, 7]) deepEqual(await listAll(objects, limit), all)
    const folded = await listAll(objects, 1_000, { delimiter: '/' })
    deepEqual(folded.prefixes, ['b/', 'd/'])
    deepEqual(folded.entries.length, 5)
    for (const limit of [1, 2, 3])
      deepEqual(await listAll(objects, limit, { delimiter: '/' }), folded)
    const below = await listAll(objects, 2, { prefix: 'b/' })
    deepEqual(
      below.entries.map(({ key }) => key as string),
      ['b/1', 'b/1', 'b/2', 'b/2'],
    )
  }))

/** What a key's versions should be, newest first. */
interface Layer {
  readonly id: VersionId
  readonly text: string | undefined
}

class KeyModel {
  layers: readonly Layer[] = []

  write(versioning: Versioning | undefined, layer: Layer): void {
    if (versioning === 'enabled') this.layers = [layer, ...this.layers]
    else this.layers = [layer, ...this.layers.filter(({ id }) => id !== nullVersion)]
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key: fc.nat(2) }),
  fc.record({ kind: fc.constant('delete' as const), key: fc.nat(2) }),
  fc.record({ kind: fc.constant('remove' as const), key: fc.nat(2), nth: fc.nat(4) }),
  fc.record({
    kind: fc.constant('set' as const),
    versioning: fc.constantFrom<Versioning>('enabled', 'suspended'),
  }),
)

test('whatever is done in whatever order, the versions are those of a model, and of a snapshot', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await using store = await openMemoryStore(small)
      const { objects } = store
      await objects.createBucket(bucket)
      const keys = ['k', 'l', 'm'].map((name) => ({ name, model: new KeyModel() }))
      let versioning: Versioning | undefined
      let writes = 0
      for (const one of steps) {
        if (one.kind === 'set') {
          versioning = one.versioning
          await objects.setVersioning(bucket, versioning)
          continue
        }
        const { name, model } = keys[one.key] ?? { name: '', model: new KeyModel() }
        const key = parseObjectKey(name)
        if (one.kind === 'put') {
          writes += 1
          const text = `${name} ${writes}`
          const { versionId = nullVersion } = await put(objects, name, text)
          model.write(versioning, { id: versionId, text })
        } else if (one.kind === 'remove') {
          const layer = model.layers[one.nth]
          if (layer === undefined) continue
          const removed: Deletion = await objects.delete(bucket, key, { version: layer.id })
          equal(removed.isMarker, layer.text === undefined)
          model.layers = model.layers.filter((other) => other !== layer)
        } else {
          const { versionId = nullVersion } = await objects.delete(bucket, key)
          if (versioning === undefined) model.layers = []
          else model.write(versioning, { id: versionId, text: undefined })
        }
      }
      const seen = async (of: ObjectStore) => {
        const { entries } = await listAll(of, 3)
        return await Promise.all(
          entries.map(async ({ key, versionId, isLatest, info }) => {
            const text = info === undefined ? undefined : await read(of, key, versionId)
            return { key: key as string, versionId, isLatest, text }
          }),
        )
      }
      const wanted = keys.flatMap(({ name, model }) =>
        model.layers.map(({ id, text }, index) => {
          return { key: name, versionId: id, isLatest: index === 0, text }
        }),
      )
      deepEqual(await seen(objects), wanted)
      for (const { name, model } of keys) {
        const [newest] = model.layers
        if (newest?.text === undefined)
          await rejects(read(objects, name), fault('object/no-such-key'))
        else equal(await read(objects, name), newest.text)
      }
      deepEqual(await seen(store.objectsOn(await databaseFromDump(store))), wanted)
    }),
    { numRuns: 40 },
  ))
