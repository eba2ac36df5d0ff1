/** The object domain end to end: bytes in, recipes, copies, uploads, listings, damage, repair, collection. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { toBase64url } from '#bytes/text'
import { formatProfile } from '#erasure/profile'
import { fullObjectChecksum } from '#object/full-checksum'
import type { BucketName, ObjectStore } from '#object/model'
import { parseBucketName, parseObjectKey } from '#object/names'
import { scrub } from '#repair/scrub'
import { shardFault } from '#shard/faults'
import { type StoreChange, scanChunks } from '#store/tables'
import { fault } from '../fault.ts'
import { type MemoryStore, openMemoryStore } from '../memory-store.ts'
import { bodyOf, gather } from '../object-bytes.ts'
import { until } from '../until.ts'

const bucket = parseBucketName('photos')
const { signal } = new AbortController()
const small = { profile: { data: 4, parity: 2 }, nodes: 6 }

function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 131 + seed * 17 + (i >> 7)) & 0xff
  return bytes
}

const inPieces = (bytes: Uint8Array, pieceBytes = 1_000) => bodyOf(bytes, { pieceBytes })

async function put(objects: ObjectStore, name: string, bytes: Uint8Array, options: object = {}) {
  const key = parseObjectKey(name)
  return await objects.put(bucket, key, {
    body: inPieces(bytes),
    metadata: { user: {} },
    signal,
    ...options,
  })
}

async function get(objects: ObjectStore, name: string, range?: { first: number; last: number }) {
  const opened = await objects.open(bucket, parseObjectKey(name))
  const bytes = await gather(opened.read(range, { signal }))
  if (range === undefined) ok(bytes.equals(await opened.readWhole({ signal })))
  opened.release()
  return bytes
}

async function withStore(
  work: (store: MemoryStore) => Promise<void>,
  options = small,
): Promise<void> {
  await using store = await openMemoryStore(options)
  await store.objects.createBucket(bucket)
  await work(store)
  equal(store.codec.slots.free, store.codec.slots.slots, 'every slot was given back')
}

async function shardsOn(nodes: MemoryStore['nodes']): Promise<number> {
  const usages = await Promise.all(nodes.map(({ stores }) => stores.shards.usage()))
  return usages.reduce((sum, { shards }) => sum + shards, 0)
}

/** Lets something happen when the node has been listed next, before whoever lists it goes on. */
function afterListing(node: MemoryStore['nodes'][number] | undefined, act: () => Promise<void>) {
  ok(node !== undefined)
  const { shards } = node.stores
  const list = shards.list.bind(shards)
  shards.list = async function* () {
    shards.list = list
    yield* list()
    await act()
  }
}

test('objects of every size come back whole, and by range', () =>
  withStore(async ({ objects }) => {
    for (const size of [0, 1, 3, 15, 16, 4_080, 16_320, 16_321, 60_000, 200_000]) {
      const bytes = bytesOf(size)
      const info = await put(objects, `size-${size}`, bytes)
      equal(info.etag, createHash('md5').update(bytes).digest('hex'))
      deepEqual(await get(objects, `size-${size}`), bytes)
      if (size < 3) continue
      for (const [first, last] of [
        [0, 0],
        [size - 1, size - 1],
        [1, size - 2],
        [size >> 1, size - 1],
      ] as const) {
        deepEqual(
          await get(objects, `size-${size}`, { first, last }),
          bytes.subarray(first, last + 1),
        )
      }
    }
  }))

test('an overwrite is seen whole by later readers and does not disturb earlier ones', () =>
  withStore(async ({ objects, collector }) => {
    const former = bytesOf(150_000, 1)
    const latter = bytesOf(90_000, 2)
    await put(objects, 'a', former)
    const opened = await objects.open(bucket, parseObjectKey('a'))
    await put(objects, 'a', latter)
    await collector.collect({ graceMs: 0, deleteBytesPerSecond: 1e12, signal })
    deepEqual(await gather(opened.read(undefined, { signal })), former)
    opened.release()
    deepEqual(await get(objects, 'a'), latter)
  }))

test(
  'readers that stop in the middle hold up nobody, however many they are',
  { timeout: 30_000 },
  () =>
    withStore(async ({ objects, codec }) => {
      const bytes = bytesOf(400_000)
      await put(objects, 'a', bytes)
      const readers = []
      for (let reader = 0; reader < 2 * codec.slots.slots; reader += 1) {
        const opened = await objects.open(bucket, parseObjectKey('a'))
        const pieces = opened.read(undefined, { signal })[Symbol.asyncIterator]()
        const first = await pieces.next()
        const seen = [Buffer.from(first.done === true ? '' : first.value)]
        readers.push({ opened, pieces, seen })
      }
      await put(objects, 'b', bytes)
      deepEqual(await get(objects, 'b'), bytes)
      for (const { opened, pieces, seen } of readers) {
        for (let next = await pieces.next(); next.done !== true; next = await pieces.next())
          seen.push(Buffer.from(next.value))
        opened.release()
        deepEqual(Buffer.concat(seen), bytes)
      }
    }),
)

test('a refused body leaves nothing behind', () =>
  withStore(async ({ objects, nodes }) => {
    const body = inPieces(bytesOf(50_000))
    const refuse = {
      ...body,
      verify: () => {
        throw new Error('bad digest')
      },
    }
    await rejects(put(objects, 'a', Buffer.alloc(0), { body: refuse }), /bad digest/)
    await rejects(
      put(objects, 'a', Buffer.alloc(0), { body: { ...inPieces(bytesOf(50_000)), bytes: 60_000 } }),
      fault('object/incomplete-body'),
    )
    async function* broken() {
      yield bytesOf(45_000)
      throw new Error('the client is gone')
    }
    await rejects(
      put(objects, 'a', Buffer.alloc(0), { body: { ...inPieces(bytesOf(1)), stream: broken() } }),
      /client is gone/,
    )
    await rejects(objects.head(bucket, parseObjectKey('a')), fault('object/no-such-key'))
    for (const { stores } of nodes) equal((await stores.shards.usage()).shards, 0)
  }))

test('of many conditional creations one wins', () =>
  withStore(async ({ objects }) => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        put(objects, 'once', bytesOf(100 + i, i), { condition: { ifNoneMatch: '*' } }),
      ),
    )
    equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
    deepEqual(await get(objects, 'once'), bytesOf(100 + winner, winner))
    await rejects(
      put(objects, 'none', bytesOf(1), { condition: { ifMatch: '*' } }),
      fault('object/no-such-key'),
    )
    await rejects(
      put(objects, 'once', bytesOf(1), { condition: { ifMatch: ['0'.repeat(32)] } }),
      fault('object/precondition-failed'),
    )
  }))

test('losing m nodes loses nothing; losing one more is an error, never wrong bytes', () =>
  withStore(async ({ objects, nodes, cluster }) => {
    const bytes = bytesOf(120_000)
    await put(objects, 'a', bytes)
    const wipe = async (index: number) => {
      const node = nodes[index]
      for await (const { id } of node?.stores.shards.list() ?? [])
        await node?.stores.shards.remove(id)
    }
    await wipe(0)
    await wipe(3)
    deepEqual(await get(objects, 'a'), bytes)
    deepEqual(
      await get(objects, 'a', { first: 77_777, last: 77_777 }),
      bytes.subarray(77_777, 77_778),
    )
    await wipe(5)
    await rejects(get(objects, 'a'), fault('store/unreadable'))
    ok(cluster.nodes().length === 6)
  }))

test('what was lost is rebuilt byte for byte, where it was', () =>
  withStore(async ({ objects, nodes, repairer, sql }) => {
    const bytes = bytesOf(120_000)
    await put(objects, 'a', bytes)
    const before: string[] = []
    for await (const { id } of nodes[2]?.stores.shards.list() ?? []) before.push(id)
    ok(before.length > 0)
    for (const id of before) await nodes[2]?.stores.shards.remove(id as never)
    await repairer.takeInventory()
    ok(repairer.length > 0)
    await repairer.drain()
    equal(repairer.length, 0)
    const after: string[] = []
    for await (const { id } of nodes[2]?.stores.shards.list() ?? []) after.push(id)
    deepEqual(after, before)
    for await (const chunk of scanChunks(sql))
      equal(new Set(chunk.shards.map(({ node }) => node)).size, 6)
  }))

test('copies and parts share chunks; deleting the source keeps them; collection takes only what nobody refers to', () =>
  withStore(async ({ objects, collector, nodes }) => {
    const bytes = bytesOf(100_000)
    const key = parseObjectKey('source')
    await put(objects, 'source', bytes)
    const before = await shardsOn(nodes)
    const target = { bucket, key: parseObjectKey('copy') }
    await objects.copy({ bucket, key }, target, { signal })
    equal(await shardsOn(nodes), before)
    await objects.delete(bucket, key)
    await collector.collect({ graceMs: 0, deleteBytesPerSecond: 1e12, signal })
    deepEqual(await get(objects, 'copy'), bytes)
    await objects.delete(bucket, target.key)
    const collected = await collector.collect({ graceMs: 0, deleteBytesPerSecond: 1e12, signal })
    equal(collected.shards, before)
    equal(await shardsOn(nodes), 0)
  }))

test('a body that is recorded while the collector looks at nodes stays whole', () =>
  withStore(async ({ objects, collector, nodes }) => {
    const bytes = bytesOf(60_000)
    const mayEnd = Promise.withResolvers<void>()
    async function* stream() {
      yield bytes.subarray(0, 50_000) // more than one chunk
      await mayEnd.promise
      yield bytes.subarray(50_000)
    }
    const written = put(objects, 'a', bytes, { body: { ...inPieces(bytes), stream: stream() } })
    await until(
      () => shardsOn(nodes),
      (shards) => shards === nodes.length,
    )
    const options = { graceMs: 0, deleteBytesPerSecond: 1e12, signal }
    await collector.collect(options) // sees shards that no chunk knows
    afterListing(nodes.at(-1), async () => {
      mayEnd.resolve()
      await written
    })
    await collector.collect(options)
    equal(await shardsOn(nodes), nodes.length * 2)
    deepEqual(await get(objects, 'a'), bytes)
  }))

test('a shard stays that repair writes while the collector is about to remove a former one of its name', () =>
  withStore(async ({ world, sql, objects, changelog, collector, repairer, nodes }) => {
    await put(objects, 'a', bytesOf(3_000))
    const [chunk] = await Array.fromAsync(scanChunks(sql))
    ok(chunk !== undefined)
    const committed = world.now()
    await until(
      async () => world.now(),
      (now) => now > committed, // two commits in one millisecond are one to the collector
    )
    // What the first node holds is recorded as lost: an orphan, until repair chooses that node again.
    await changelog.commit((tx) => {
      const column = chunk.shards.findIndex(({ node }) => node === 0)
      const lost: StoreChange = {
        kind: 'store/shard-moved',
        chunk: toBase64url(chunk.id),
        column,
        node: null,
      }
      return tx.record(lost)
    })
    afterListing(nodes.at(-1), async () => {
      await repairer.takeInventory()
      await repairer.drain()
    })
    await collector.collect({ graceMs: 0, deleteBytesPerSecond: 1e12, signal })
    equal(await shardsOn(nodes), nodes.length)
  }))

test('an upload becomes one object; completing again says the same; aborting leaves nothing', () =>
  withStore(
    async ({ objects, collector, nodes }) => {
      const key = parseObjectKey('big')
      const parts = [
        bytesOf(5 * 1024 * 1024, 1),
        bytesOf(5 * 1024 * 1024 + 7, 2),
        bytesOf(1_000, 3),
      ]
      const { uploadId } = await objects.createUpload(bucket, key, {
        metadata: { user: { a: 'b' } },
      })
      const address = { bucket, key, uploadId }
      await objects.putPart(address, 2, { body: inPieces(bytesOf(10)), signal })
      const sent = await Promise.all(
        parts.map((part, index) =>
          objects.putPart(address, index + 1, { body: inPieces(part, 65_536), signal }),
        ),
      )
      const named = sent.map(({ number, etag }) => ({ number, etag }))
      await rejects(
        objects.completeUpload(address, named.toReversed(), {}),
        fault('object/part-order'),
      )
      await rejects(
        objects.completeUpload(address, [...named, { number: 9, etag: 'x' }], {}),
        fault('object/part-missing'),
      )
      const info = await objects.completeUpload(address, named, {})
      const md5s = Buffer.concat(parts.map((part) => createHash('md5').update(part).digest()))
      equal(info.etag, `${createHash('md5').update(md5s).digest('hex')}-3`)
      deepEqual(await get(objects, 'big'), Buffer.concat(parts))
      equal((await objects.completeUpload(address, named, {})).etag, info.etag)
      equal((await objects.head(bucket, key)).metadata.user['a'], 'b')
      const second = await objects.createUpload(bucket, key, { metadata: { user: {} } })
      await objects.putPart({ bucket, key, uploadId: second.uploadId }, 1, {
        body: inPieces(bytesOf(100_000)),
        signal,
      })
      await objects.abortUpload({ bucket, key, uploadId: second.uploadId })
      await rejects(
        objects.headUpload(bucket, key, second.uploadId),
        fault('object/no-such-upload'),
      )
      await objects.delete(bucket, key)
      await collector.collect({ graceMs: 0, deleteBytesPerSecond: 1e12, signal })
      for (const { stores } of nodes) equal((await stores.shards.usage()).shards, 0)
    },
    { ...small, blockBytes: 262_144, chunkBytes: 4 * 1024 * 1024 } as typeof small,
  ))

test('listing equals the model, page by page', () =>
  withStore(async ({ objects }) => {
    const names = [
      'a',
      'a/b',
      'a/c/d',
      'a/c/e',
      'a0',
      'b/',
      'b/1',
      'z',
      'é/1',
      '\u{1F600}',
      '\uFFFD',
    ]
    for (const name of names) await put(objects, name, bytesOf(3))
    const sorted = names.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('', 'a', 'a/', 'a/c/', 'b', 'zz', 'é'),
        fc.constantFrom(undefined, '/', 'c'),
        fc.integer({ min: 1, max: 5 }),
        async (prefix, delimiter, limit) => {
          const expected = modelList(sorted, prefix, delimiter)
          deepEqual(await listAll(objects, { prefix, delimiter, limit }), expected)
        },
      ),
    )
  }))

function modelList(
  sorted: readonly string[],
  prefix: string,
  delimiter: string | undefined,
): readonly string[] {
  const seen = new Set<string>()
  for (const name of sorted.filter((one) => one.startsWith(prefix))) {
    const cut = delimiter === undefined ? -1 : name.indexOf(delimiter, prefix.length)
    seen.add(cut < 0 ? `key ${name}` : `prefix ${name.slice(0, cut + (delimiter?.length ?? 0))}`)
  }
  return [...seen]
}

async function listAll(
  objects: ObjectStore,
  { prefix, delimiter, limit }: { prefix: string; delimiter: string | undefined; limit: number },
): Promise<readonly string[]> {
  const found: { readonly name: string; readonly text: string }[] = []
  let after: string | undefined
  do {
    const page = await objects.list(bucket, {
      prefix,
      limit,
      ...(delimiter === undefined ? {} : { delimiter }),
      ...(after === undefined ? {} : { after }),
    })
    ok(page.objects.length + page.commonPrefixes.length <= limit)
    found.push(
      ...page.objects.map(({ key }) => ({ name: key as string, text: `key ${key}` })),
      ...page.commonPrefixes.map((name) => ({ name, text: `prefix ${name}` })),
    )
    after = page.next
  } while (after !== undefined)
  return found
    .toSorted((x, y) => Buffer.compare(Buffer.from(x.name), Buffer.from(y.name)))
    .map(({ text }) => text)
}

test('a bucket goes only when it is empty', () =>
  withStore(async ({ objects }) => {
    await put(objects, 'a', bytesOf(3))
    await rejects(objects.deleteBucket(bucket), fault('object/bucket-not-empty'))
    await rejects(objects.createBucket(bucket), fault('object/bucket-exists'))
    const both = ['a', 'b'].map((name) => ({ key: parseObjectKey(name) }))
    deepEqual(await objects.deleteMany(bucket, both), [{ isMarker: false }, { isMarker: false }])
    await objects.deleteBucket(bucket)
    await rejects(put(objects, 'a', bytesOf(3)), fault('object/no-such-bucket'))
    deepEqual(await objects.listBuckets(), [] as { name: BucketName }[])
  }))

test('a bucket that is made again under its name takes writes, under its own profile', () =>
  withStore(async ({ objects, objectsOn, sql }) => {
    const key = parseObjectKey('a')
    await put(objects, 'a', bytesOf(30_000))
    const elsewhere = objectsOn(sql) // has written there, and is told of nothing
    await put(elsewhere, 'a', bytesOf(30_000))
    await objects.delete(bucket, key)
    await objects.deleteBucket(bucket)
    await objects.createBucket(bucket, { profile: '2+1' })
    const bytes = bytesOf(200_000)
    await put(objects, 'a', bytes)
    ok((await get(objects, 'a')).equals(bytes))
    const profiles = new Set<string>()
    for await (const { shape } of scanChunks(sql)) profiles.add(formatProfile(shape.profile))
    ok(profiles.has('2+1'))
    // Nothing goes into the bucket that it knew; then it looks again.
    await rejects(put(elsewhere, 'b', bytesOf(3)), fault('object/no-such-bucket'))
    await put(elsewhere, 'b', bytesOf(3))
    equal((await get(objects, 'b')).length, 3)
  }))

/** From now on commits are held: `until` so many are, and then `release` lets them go at the same moment, in order or in another. */
function holdCommits({ changelog }: MemoryStore) {
  const commit = changelog.commit.bind(changelog)
  const held: (() => void)[] = []
  let onHeld = (): void => {}
  changelog.commit = (work) =>
    new Promise((resolve, reject) => {
      held.push(() => void commit(work).then(resolve, reject))
      onHeld()
    })
  return {
    until: async (count: number): Promise<void> => {
      while (held.length < count)
        await new Promise<void>((resolve) => {
          onHeld = resolve
        })
    },
    release: (order: Iterable<number> = held.keys()): void => {
      changelog.commit = commit
      for (const index of order) held[index]?.()
    },
  }
}

test('writes that are decided together with a change of their bucket go by what came before them', () =>
  withStore(async (store) => {
    const { objects } = store
    const held = holdCommits(store)
    const before = put(objects, 'before', bytesOf(100))
    await held.until(1)
    const versioned = objects.setVersioning(bucket, 'enabled')
    await held.until(2)
    const after = put(objects, 'after', bytesOf(100))
    await held.until(3)
    held.release()
    equal((await before).versionId, undefined)
    await versioned
    const { versionId } = await after
    ok(versionId !== undefined)
    await put(objects, 'after', bytesOf(200))
    const opened = await objects.open(bucket, parseObjectKey('after'), { version: versionId })
    equal(opened.info.bytes, 100)
    opened.release()
  }))

test('a write that is decided together with the removal of its bucket, and behind it, is refused', () =>
  withStore(async (store) => {
    const { objects, sql } = store
    const held = holdCommits(store)
    const key = parseObjectKey('a')
    const first = put(objects, 'a', bytesOf(100))
    await held.until(1)
    const deleted = objects.delete(bucket, key)
    await held.until(2)
    const removed = objects.deleteBucket(bucket)
    await held.until(3)
    const late = rejects(put(objects, 'b', bytesOf(100)), fault('object/no-such-bucket'))
    await held.until(4)
    held.release()
    await Promise.all([first, deleted, removed, late])
    deepEqual(await sql.query`select key from version`, [])
  }))

test('a copy into a bucket that was made again meanwhile is coded as the new one is', () =>
  withStore(async (store) => {
    const { objects, sql } = store
    const key = parseObjectKey('a')
    const source = { bucket, key }
    const archive = parseBucketName('archive')
    await objects.createBucket(archive)
    await put(objects, 'a', bytesOf(30_000))
    const held = holdCommits(store)
    const copied = objects.copy(source, { bucket: archive, key }, { signal })
    await held.until(1)
    const deleted = objects.deleteBucket(archive)
    await held.until(2)
    const created = objects.createBucket(archive, { profile: '2+1' })
    await held.until(3)
    held.release([1, 2, 0])
    await Promise.all([deleted, created, copied])
    const profiles = new Set<string>()
    for await (const { shape } of scanChunks(sql)) profiles.add(formatProfile(shape.profile))
    deepEqual(profiles, new Set(['4+2', '2+1']))
  }))

test('a copy of what was overwritten meanwhile has the checksum that was asked for', () =>
  withStore(async (store) => {
    const { objects } = store
    const checksumAlgorithm = 'crc32c'
    const summed = bodyOf(bytesOf(30_000), {
      digests: [checksumAlgorithm],
      verify: (digests) => fullObjectChecksum(checksumAlgorithm, digests),
    })
    await put(objects, 'b', bytesOf(30_000), { body: summed })
    const held = holdCommits(store)
    const source = { bucket, key: parseObjectKey('b') }
    const target = { bucket, key: parseObjectKey('c') }
    const copied = objects.copy(source, target, { signal, checksumAlgorithm })
    await held.until(1)
    const overwritten = put(objects, 'b', bytesOf(30_000)) // without a checksum
    await held.until(2)
    held.release([1, 0])
    await overwritten
    equal((await copied).checksum?.algorithm, checksumAlgorithm)
  }))

test('a bucket may have its own profile, if the nodes can hold it; copies between profiles are recoded', () =>
  withStore(async ({ objects, sql }) => {
    const archive = parseBucketName('archive')
    for (const profile of ['20+4', '4+0', 'x', '1+99']) {
      await rejects(objects.createBucket(archive, { profile }), fault('object/unknown-profile'))
    }
    await objects.createBucket(archive, { profile: '2+1' })
    const bytes = bytesOf(30_000)
    await put(objects, 'a', bytes)
    const key = parseObjectKey('a')
    const copied = await objects.copy({ bucket, key }, { bucket: archive, key }, { signal })
    equal(copied.etag, createHash('md5').update(bytes).digest('hex'))
    const opened = await objects.open(archive, key)
    deepEqual(await gather(opened.read(undefined, { signal })), bytes)
    opened.release()
    const profiles = new Set<string>()
    for await (const { shape } of scanChunks(sql)) {
      profiles.add(`${shape.profile.data}+${shape.profile.parity}`)
    }
    deepEqual(profiles, new Set(['4+2', '2+1']))
  }))

test('a scrub finds rot that no reader has met, and repair heals it', () =>
  withStore(async ({ objects, nodes, cluster, store, sql, world, repairer }) => {
    const bytes = bytesOf(60_000)
    await put(objects, 'a', bytes)
    const rates = { bytesPerSecond: 1e12, signal }
    const clean = await scrub({ sql, store, cluster, world }, rates)
    deepEqual([clean.shards > 0, clean.damaged], [true, 0])
    const victim = nodes[4]?.stores.shards
    ok(victim !== undefined)
    const read = victim.read.bind(victim)
    const { create } = victim
    Object.assign(victim, {
      read: async (id: never, into: Uint8Array, options: { offset: number }) => {
        await read(id, into, options)
        into[into.length - 1] = (into[into.length - 1] ?? 0) ^ 1
      },
      create: async () => {
        Object.assign(victim, { read, create }) // what is written anew is sound
        return await create.call(victim)
      },
    })
    ok((await scrub({ sql, store, cluster, world }, rates)).damaged > 0)
    await repairer.drain()
    equal((await scrub({ sql, store, cluster, world }, rates)).damaged, 0)
    deepEqual(await get(objects, 'a'), bytes)
  }))

test('what the log does not hold yet is neither shown nor denied', () =>
  withStore(async ({ objects, nodes }) => {
    await put(objects, 'kept', bytesOf(10))
    for (const { stores } of nodes)
      stores.log.append = () => Promise.reject(shardFault('shard/io', { reason: 'no answer' }))
    const unlogged = fault('changelog/unavailable')
    await rejects(objects.delete(bucket, parseObjectKey('kept')), unlogged)
    await rejects(objects.head(bucket, parseObjectKey('kept')), unlogged)
    await rejects(objects.open(bucket, parseObjectKey('kept')), unlogged)
    await rejects(put(objects, 'kept', bytesOf(1), { condition: { ifMatch: '*' } }), unlogged)
    await rejects(objects.list(bucket, { prefix: '', limit: 1 }), unlogged)
    await rejects(objects.headBucket(parseBucketName('nothing')), unlogged)
  }))

test('a shard stays at its former place until the log holds that it has moved', () =>
  withStore(
    async ({ objects, nodes, sql, changelog, collector }) => {
      await put(objects, 'kept', bytesOf(100_000))
      const [chunk] = await Array.fromAsync(scanChunks(sql))
      const held = chunk?.shards.map(({ node }) => node) ?? []
      const spare = [...nodes.keys()].find((number) => !held.includes(number)) ?? null
      ok(chunk !== undefined && spare !== null)
      for (const { stores } of nodes)
        stores.log.append = () => Promise.reject(shardFault('shard/io', { reason: 'no answer' }))
      const change: StoreChange = {
        kind: 'store/shard-moved',
        chunk: toBase64url(chunk.id),
        column: 0,
        node: spare,
      }
      const unlogged = fault('changelog/unavailable')
      await rejects(
        changelog.commit((tx) => tx.record(change)),
        unlogged,
      )
      const former = await shardsOn(nodes)
      await rejects(collector.collect({ graceMs: 0, deleteBytesPerSecond: 1e12, signal }), unlogged)
      equal(await shardsOn(nodes), former, 'a lost database would know no other place')
    },
    { ...small, nodes: 7 },
  ))
