/** Slow and failing nodes on the read and write path (fault 6): others help out, and nobody waits for the slow one. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { parseBucketName, parseObjectKey } from '#object/names'
import type { ShardId } from '#shard/shard-id'
import type { ShardStore } from '#shard/store'
import { readExtents, scanChunks } from '#store/tables'
import { SimulatedWorld } from '#world/simulated'
import { type MemoryStore, type MemoryStoreOptions, openMemoryStore } from '../memory-store.ts'
import { bodyOf, gather } from '../object-bytes.ts'
import { until } from '../until.ts'

const bucket = parseBucketName('photos')
const key = parseObjectKey('a')
const { signal } = new AbortController()
const bytes = Buffer.alloc(120_000, 'mycelium')

async function withObject(
  work: (store: MemoryStore) => Promise<void>,
  options: Partial<MemoryStoreOptions> = {},
): Promise<void> {
  const profile = { data: 4, parity: 2 }
  await using store = await openMemoryStore({ profile, nodes: 6, ...options })
  await store.objects.createBucket(bucket)
  await store.objects.put(bucket, key, { body: bodyOf(bytes), metadata: { user: {} }, signal })
  await work(store)
}

async function readAll({ objects }: MemoryStore, wanted = key): Promise<Buffer> {
  const opened = await objects.open(bucket, wanted)
  const all = await gather(opened.read(undefined, { signal }))
  opened.release()
  return all
}

/** Replaces a node's read by one that waits first; returns how often it was asked. */
function hold(store: MemoryStore, index: number, wait: () => Promise<void>): () => number {
  const shards = store.nodes[index]?.stores.shards
  ok(shards !== undefined)
  const read = shards.read.bind(shards)
  let asked = 0
  Object.assign(shards, {
    read: async (id: ShardId, into: Uint8Array, options: { offset: number }) => {
      asked += 1
      await wait()
      await read(id, into, options)
    },
  })
  return () => asked
}

test('a node that does not answer is read around, and its late bytes spoil nothing', () =>
  withObject(async (store) => {
    const { promise: gate, resolve: answer } = Promise.withResolvers<void>()
    const askedFirst = hold(store, 0, () => gate)
    const askedSecond = hold(store, 3, () => gate)
    deepEqual(await readAll(store), bytes)
    ok(askedFirst() + askedSecond() > 0, 'the slow nodes were asked')
    answer()
    deepEqual(await readAll(store), bytes)
    await store.codec.slots.acquire().then((slot) => store.codec.slots.release(slot))
    equal(store.repairer.length, 0, 'slow is not broken')
  }))

test('many readers at once, more than there is memory for, each come to their end while shards are missing', () =>
  withObject(
    async (store) => {
      // What comes first of the object must be computed; what comes after it is at hand, and read ahead.
      const { sequence } = await store.objects.head(bucket, key)
      const [first] = await readExtents(store.sql, sequence)
      ok(first !== undefined)
      const place = (await store.store.chunk(first.chunkId)).shards[0]
      ok(place?.node !== undefined)
      const node = store.cluster.node(place.node)
      ok(node !== undefined)
      await node.stores.shards.remove(place.id)
      const readers = Array.from({ length: 3 * store.codec.slots.slots }, () => readAll(store))
      for (const read of await Promise.all(readers)) deepEqual(read, bytes)
      equal(store.codec.slots.free, store.codec.slots.slots)
    },
    { slots: 4, chunkBytes: 16_000 },
  ))

test('readers whose recipe cannot be followed give back what they may read ahead', () =>
  withObject(async (store) => {
    const { sequence } = await store.objects.head(bucket, key)
    const [, second] = await readExtents(store.sql, sequence)
    ok(second !== undefined)
    await store.sql.transaction((tx) => tx.query`delete from chunk where id = ${second.chunkId}`)
    for (let i = 0; i < store.codec.slots.slots; i += 1)
      await rejects(readAll(store), (error) => isFault(error, 'store/unknown-chunk'))
    ok(store.store.mayReadAhead() !== undefined)
  }))

test('a disk that hangs takes the memory of a few reads, and no reader or writer waits for it', () =>
  withObject(async (store) => {
    const { promise: gate, resolve: answer } = Promise.withResolvers<void>()
    hold(store, 0, () => gate)
    hold(store, 3, () => gate)
    const { slots } = store.codec.slots
    const burst = Array.from({ length: 2 * slots }, () => readAll(store))
    for (const read of await Promise.all(burst)) deepEqual(read, bytes)
    for (let i = 0; i < slots; i += 1) deepEqual(await readAll(store), bytes)
    answer()
    await until(
      async () => store.codec.slots.free,
      (free) => free === slots,
    )
  }))

test('a flipped bit is noticed, read around, reported and repaired in place', () =>
  withObject(async (store) => {
    const damages: string[] = []
    store.store.onDamage(({ reason, column }) => damages.push(`${reason} ${column}`))
    // A node that has data of one chunk: of others it may have parity, which nobody reads while all is well.
    const [chunk] = await Array.fromAsync(scanChunks(store.sql))
    const node = store.cluster.node(chunk?.shards[0]?.node ?? -1)
    ok(node !== undefined)
    const { shards } = node.stores
    const read = shards.read.bind(shards)
    let isRotten = true
    Object.assign(shards, {
      read: async (id: ShardId, into: Uint8Array, options: { offset: number }) => {
        await read(id, into, options)
        if (isRotten) into[100] = (into[100] ?? 0) ^ 4
      },
      create: async () => {
        isRotten = false // what is written anew is sound
        return await Object.getPrototypeOf(shards).create.call(shards)
      },
    })
    deepEqual(await readAll(store), bytes)
    ok(damages.length > 0 && damages.every((text) => text.startsWith('damaged')))
    ok(store.repairer.length > 0)
    await store.repairer.drain()
    equal(store.repairer.length, 0)
    damages.length = 0
    deepEqual(await readAll(store), bytes)
    deepEqual(damages, [])
  }))

/** Writes wait for a node for a tenth of a second. */
async function openImpatientStore(): Promise<MemoryStore> {
  const profile = { data: 4, parity: 2 }
  const store = await openMemoryStore({ profile, nodes: 6, nodeDeadlineMs: 100 })
  await store.objects.createBucket(bucket)
  return store
}

function third(store: MemoryStore): ShardStore {
  const shards = store.nodes[2]?.stores.shards
  ok(shards !== undefined)
  return shards
}

test('a put goes on without a node that hangs, and says so to repair', async () => {
  await using store = await openImpatientStore()
  const shards = third(store)
  const create = shards.create.bind(shards)
  const { promise: gate, resolve: answer } = Promise.withResolvers<void>()
  Object.assign(shards, {
    create: async () => {
      const writer = await create()
      const write = writer.write.bind(writer)
      return Object.assign(writer, {
        write: async (block: Uint8Array, offset: number) => {
          await gate
          await write(block, offset)
        },
      })
    },
  })
  await store.objects.put(bucket, key, { body: bodyOf(bytes), metadata: { user: {} }, signal })
  deepEqual(await readAll(store), bytes)
  ok(store.repairer.length > 0)
  answer()
  Object.assign(shards, { create })
  store.repairer.start()
  await until(
    async () => store.repairer.length,
    (length) => length === 0,
  )
})

/** Everything that a node does for a new shard takes as long as `wait`. */
function delayWrites({ shards }: { readonly shards: ShardStore }, wait: () => Promise<void>): void {
  const create = shards.create.bind(shards)
  Object.assign(shards, {
    create: async () => {
      await wait()
      const writer = await create()
      const write = writer.write.bind(writer)
      const commit = writer.commit.bind(writer)
      return Object.assign(writer, {
        write: async (block: Uint8Array, offset: number) => {
          await wait()
          await write(block, offset)
        },
        commit: async (id: ShardId) => {
          await wait()
          await commit(id)
        },
      })
    },
  })
}

/** In simulated time: a store whose nodes all take as long as `wait` over anything that a new shard needs. */
async function withSlowNodes(
  wait: (world: SimulatedWorld) => Promise<void>,
  work: (store: MemoryStore) => Promise<void>,
): Promise<void> {
  const world = new SimulatedWorld(1)
  await world.run(async () => {
    await using store = await openMemoryStore({ profile: { data: 4, parity: 2 }, nodes: 6, world })
    await store.objects.createBucket(bucket)
    for (const { stores } of store.nodes) delayWrites(stores, () => wait(world))
    await work(store)
  })
}

test('nodes that are all as slow are waited for: it is the disk below them, and no fault of theirs', () =>
  withSlowNodes(
    (world) => world.sleep(20_000),
    async (store) => {
      await store.objects.put(bucket, key, { body: bodyOf(bytes), metadata: { user: {} }, signal })
      equal(store.repairer.length, 0, 'every shard is there')
      deepEqual(
        store.cluster.nodes().map(({ state }) => state),
        Array.from({ length: 6 }, () => 'up'),
      )
      deepEqual(await readAll(store), bytes)
    },
  ))

test('nodes that all hang are given up after a minute', () =>
  withSlowNodes(
    () => new Promise<never>(() => {}),
    async (store) => {
      const { world, objects } = store
      const beganAt = world.monotonic()
      const body = bodyOf(bytes)
      await rejects(objects.put(bucket, key, { body, metadata: { user: {} }, signal }), (error) =>
        isFault(error, 'store/too-few-nodes'),
      )
      equal(world.monotonic() - beganAt, 60_000)
    },
  ))

/** From now on every read of a node takes as long as `wait`; returns how many there were. */
function delayReads(store: MemoryStore, wait: () => Promise<void>): () => number {
  const counts = store.nodes.map((_, index) => hold(store, index, wait))
  return () => counts.reduce((sum, count) => sum + count(), 0)
}

const small = Buffer.from('one of many in a pack')
const smallKey = parseObjectKey('small')

/** In simulated time: a store with a large and a small object. */
async function withReadableObjects(
  work: (store: MemoryStore, world: SimulatedWorld) => Promise<void>,
): Promise<void> {
  const world = new SimulatedWorld(1)
  await world.run(() =>
    withObject(
      async (store) => {
        const metadata = { user: {} }
        await store.objects.put(bucket, smallKey, { body: bodyOf(small), metadata, signal })
        await store.packs.flush()
        await work(store, world)
      },
      { world },
    ),
  )
}

test('nodes that all read as slowly are waited for, and none is asked twice', () =>
  withReadableObjects(async (store, world) => {
    const readsAtOnce = delayReads(store, async () => {})
    deepEqual(await readAll(store), bytes)
    const reads = delayReads(store, () => world.sleep(20_000))
    const before = readsAtOnce()
    deepEqual(await readAll(store), bytes)
    equal(reads(), before)
  }))

test('a disk below all nodes that cannot keep up is not asked for much more than readers want', () =>
  withReadableObjects(async (store, world) => {
    const beganAt = world.monotonic()
    let disk = Promise.resolve()
    const reads = delayReads(store, () => {
      disk = disk.then(() => world.sleep(100))
      return disk
    })
    const readers = Array.from({ length: 100 }, () => readAll(store, smallKey))
    await world.sleep(500)
    for (let i = 0; i < 20; i += 1) readers.push(readAll(store, smallKey))
    for (const read of await Promise.all(readers)) deepEqual(read, small)
    const leastMs = 100 * readers.length
    const tookMs = world.monotonic() - beganAt
    ok(tookMs < 2 * leastMs && reads() < 2.5 * readers.length, `${tookMs} ms, ${reads()} reads`)
  }))

test('nodes that all hang are given up by readers after half a minute', () =>
  withReadableObjects(async (store, world) => {
    delayReads(store, () => new Promise<never>(() => {}))
    for (const one of [key, smallKey]) {
      const beganAt = world.monotonic()
      await rejects(readAll(store, one), (error) => isFault(error, 'store/unreadable'))
      equal(world.monotonic() - beganAt, 30_000)
    }
  }))

test('a body that is given up does not wait for a node that hangs', {
  timeout: 20_000,
}, async () => {
  await using store = await openImpatientStore()
  const shards = third(store)
  const create = shards.create.bind(shards)
  const never = new Promise<never>(() => {})
  const createHanging = async () => Object.assign(await create(), { abort: () => never })
  Object.assign(shards, { create: createHanging, remove: () => never })
  async function* stream() {
    yield bytes
    throw new Error('the client is gone')
  }
  const body = bodyOf('', { stream: stream(), bytes: 2 * bytes.length })
  const put = store.objects.put(bucket, key, { body, metadata: { user: {} }, signal })
  await rejects(put, /client is gone/)
  equal(store.store.oldestActivity(), undefined, 'collection does not wait for it either')
})
