/** Small objects: together in packs, each by itself in one shard, at home in memory and on the stage until then. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { parseBucketName, parseObjectKey } from '#object/names'
import { compact, mergePacks } from '#repair/compactor'
import { shardFault } from '#shard/faults'
import type { ShardId } from '#shard/shard-id'
import { isPacked, type PackedExtent } from '#store/chunk-record'
import { ChunkStore } from '#store/chunk-store'
import { openPacks } from '#store/packs'
import { readBody } from '#store/read'
import { readExtents, scanChunks } from '#store/tables'
import { fault } from '../fault.ts'
import { type MemoryStore, type MemoryStoreOptions, openMemoryStore } from '../memory-store.ts'
import { bodyOf, gather } from '../object-bytes.ts'

const bucket = parseBucketName('spores')
const { signal } = new AbortController()
const blockBytes = 16 * 1024
/** Four blocks hold so many objects of `smallBytes`. */
const perPack = 64
const smallBytes = 1_000

function bytesOf(name: string, length = smallBytes): Buffer {
  return Buffer.alloc(length, `${name}, `)
}

async function withStore(
  work: (store: MemoryStore) => Promise<void>,
  options: Partial<MemoryStoreOptions> = {},
): Promise<void> {
  const profile = { data: 4, parity: 2 }
  await using store = await openMemoryStore({ profile, nodes: 6, blockBytes, ...options })
  await store.objects.createBucket(bucket)
  await work(store)
  equal(store.codec.slots.free, store.codec.slots.slots, 'every slot was given back')
}

async function put({ objects }: MemoryStore, name: string, bytes = bytesOf(name)): Promise<void> {
  const options = { body: bodyOf(bytes), metadata: { user: {} }, signal }
  await objects.put(bucket, parseObjectKey(name), options)
}

async function putMany(store: MemoryStore, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => put(store, name)))
}

async function get(
  { objects }: MemoryStore,
  name: string,
  range?: { readonly first: number; readonly last: number },
): Promise<Buffer> {
  const opened = await objects.open(bucket, parseObjectKey(name))
  const all = await gather(opened.read(range, { signal }))
  opened.release()
  return all
}

async function extentOf({ objects, sql }: MemoryStore, name: string): Promise<PackedExtent> {
  const { sequence } = await objects.head(bucket, parseObjectKey(name))
  const [extent, ...more] = await readExtents(sql, sequence)
  ok(extent !== undefined && isPacked(extent) && more.length === 0)
  return extent
}

async function chunksOf({ sql }: MemoryStore) {
  return await Array.fromAsync(scanChunks(sql))
}

async function bytesOn({ nodes }: MemoryStore): Promise<number> {
  const usages = await Promise.all(nodes.map(({ stores }) => stores.shards.usage()))
  return usages.reduce((sum, { usedBytes }) => sum + usedBytes, 0)
}

function names(count: number, prefix = 'spore'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
}

/** How often each node was asked for bytes of a shard. */
function countReads({ nodes }: MemoryStore): readonly number[] {
  const counts = nodes.map(() => 0)
  for (const [index, { stores }] of nodes.entries()) {
    const read = stores.shards.read.bind(stores.shards)
    Object.assign(stores.shards, {
      read: (id: ShardId, into: Uint8Array, options: { offset: number }) => {
        counts[index] = (counts[index] ?? 0) + 1
        return read(id, into, options)
      },
    })
  }
  return counts
}

test('small objects share one chunk, and each is read from one shard', () =>
  withStore(async (store) => {
    await putMany(store, names(perPack))
    await store.packs.flush()
    equal((await chunksOf(store)).length, 1)
    const counts = countReads(store)
    for (const [index, name] of names(perPack).entries()) {
      deepEqual(await get(store, name), bytesOf(name))
      equal(
        counts.reduce((sum, count) => sum + count, 0),
        index + 1,
      )
      const { offset, bytes } = await extentOf(store, name)
      equal(
        Math.floor(offset / blockBytes),
        Math.floor((offset + bytes + 15) / blockBytes),
        'in one column',
      )
    }
    deepEqual(
      await get(store, 'spore-3', { first: 10, last: 19 }),
      bytesOf('spore-3').subarray(10, 20),
    )
  }))

test('what is acknowledged is on parity + 1 nodes at once, and is read before it is in any shard', () =>
  withStore(async (store) => {
    await put(store, 'spore')
    equal((await chunksOf(store)).length, 0)
    equal(await bytesOn(store), 0)
    const staged = await Promise.all(
      store.nodes.map(async ({ stores }) => (await Array.fromAsync(stores.stage.read())).length),
    )
    equal(staged.filter((frames) => frames > 0).length, 3)
    deepEqual(await get(store, 'spore'), bytesOf('spore'))
    equal(Buffer.concat(await stagedBytes(store)).includes('spore'), false, 'not in clear')
    await store.packs.flush()
    equal((await chunksOf(store)).length, 1)
    deepEqual(await get(store, 'spore'), bytesOf('spore'))
  }))

test('objects that come one turn of the event loop after another share a frame', () =>
  withStore(async (store) => {
    const { packs, world } = store
    const profile = { data: 4, parity: 2 }
    const one = packs.put(profile, bytesOf('one'))
    await world.turns(1)
    await Promise.all([one, packs.put(profile, bytesOf('two'))])
    const frames = await stagedBytes(store)
    equal(frames.length, 3, 'the same one on parity + 1 nodes')
  }))

async function stagedBytes({ nodes }: MemoryStore): Promise<readonly Uint8Array[]> {
  const frames = await Promise.all(
    nodes.map(({ stores }) => Array.fromAsync(stores.stage.read(), ({ frame }) => frame)),
  )
  return frames.flat()
}

test('what rests in shards is cut from the stage', () =>
  withStore(async (store) => {
    for (let round = 0; round < 3; round += 1) {
      await putMany(store, names(perPack, `round-${round}`))
      await store.packs.flush()
    }
    await put(store, 'the last')
    const frames = await stagedBytes(store)
    ok(frames.length <= 3 * 3, `${frames.length} frames are left`)
  }))

test('an object of every size up to the largest that is packed comes back, and larger ones too', () =>
  withStore(async (store) => {
    const sizes = [1, 2, 15, 16, 17, 1_000, 4_079, 4_080, 4_081, 16_384, 20_000]
    for (const size of sizes) await put(store, `size-${size}`, bytesOf(`${size}`, size))
    const check = async (): Promise<void> => {
      for (const size of sizes)
        deepEqual(await get(store, `size-${size}`), bytesOf(`${size}`, size), `${size} bytes`)
    }
    await check()
    await store.packs.flush()
    await check()
    await extentOf(store, 'size-4080')
    const { sequence } = await store.objects.head(bucket, parseObjectKey('size-4081'))
    equal((await readExtents(store.sql, sequence)).some(isPacked), false)
  }))

test('a lost shard and a damaged one are read around, and repaired', () =>
  withStore(async (store) => {
    await putMany(store, names(perPack))
    await store.packs.flush()
    const [chunk] = await chunksOf(store)
    ok(chunk !== undefined)
    const shardAt = (column: number) => {
      const place = chunk.shards[column]
      ok(place?.node !== undefined)
      const shards = store.nodes[place.node]?.stores.shards
      ok(shards !== undefined)
      return { id: place.id, shards }
    }
    const lost = shardAt(0)
    await lost.shards.remove(lost.id)
    const rotten = shardAt(1)
    const { create } = rotten.shards
    const read = rotten.shards.read.bind(rotten.shards)
    Object.assign(rotten.shards, {
      read: async (id: ShardId, into: Uint8Array, options: { offset: number }) => {
        await read(id, into, options)
        into[into.length >> 1] = (into[into.length >> 1] ?? 0) ^ 1
      },
      create: async () => {
        Object.assign(rotten.shards, { read, create }) // what is written anew is sound
        return await create.call(rotten.shards)
      },
    })
    for (const name of names(perPack)) deepEqual(await get(store, name), bytesOf(name))
    ok(store.repairer.length > 0)
    await store.repairer.drain()
    ok((await lost.shards.stat(lost.id)) !== undefined)
    const counts = countReads(store)
    for (const name of names(perPack)) deepEqual(await get(store, name), bytesOf(name))
    equal(
      counts.reduce((sum, count) => sum + count, 0),
      perPack,
      'each from its own shard again',
    )
  }))

test('with fewer shards than data columns nothing is answered, and never a wrong byte', () =>
  withStore(async (store) => {
    await putMany(store, names(perPack))
    await store.packs.flush()
    const [chunk] = await chunksOf(store)
    for (const { id, node } of chunk?.shards.slice(0, 3) ?? [])
      await store.nodes[node ?? -1]?.stores.shards.remove(id)
    const outcomes = await Promise.allSettled(names(perPack).map((name) => get(store, name)))
    for (const [index, outcome] of outcomes.entries())
      if (outcome.status === 'fulfilled') deepEqual(outcome.value, bytesOf(`spore-${index}`))
      else ok(isFault(outcome.reason, 'store/unreadable'))
    equal(
      outcomes.filter(({ status }) => status === 'rejected').length,
      (perPack / 4) * 3,
      'three columns of four',
    )
  }))

test('copies share the object; a piece of one is stored anew', () =>
  withStore(async (store) => {
    await put(store, 'spore')
    const { objects } = store
    const source = { bucket, key: parseObjectKey('spore') }
    const target = { bucket, key: parseObjectKey('copy') }
    await objects.copy(source, target, { signal })
    deepEqual(await extentOf(store, 'copy'), await extentOf(store, 'spore'))
    const key = parseObjectKey('parts')
    const upload = await objects.createUpload(bucket, key, { metadata: { user: {} } })
    const address = { bucket, key, uploadId: upload.uploadId }
    const range = { first: 100, last: 299 }
    const whole = await objects.copyPart(address, 1, source, { signal })
    const piece = await objects.copyPart(address, 2, { ...source, range }, { signal })
    await objects.delete(bucket, source.key)
    deepEqual([whole.bytes, piece.bytes], [smallBytes, 200])
    await objects.completeUpload(address, [{ number: 2, etag: piece.etag }], {})
    deepEqual(await get(store, 'parts'), bytesOf('spore').subarray(100, 300))
    deepEqual(await get(store, 'copy'), bytesOf('spore'))
  }))

test('deletes leave holes, which compaction returns', () =>
  withStore(async (store) => {
    const all = names(4 * perPack)
    await putMany(store, all)
    await store.packs.flush()
    const full = await bytesOn(store)
    const kept = all.filter((_, index) => index % 8 === 0)
    for (const name of all.filter((one) => !kept.includes(one)))
      await store.objects.delete(bucket, parseObjectKey(name))
    equal(await compact(store, { signal }), 4)
    await store.packs.flush()
    const freed = await store.collector.collect({ graceMs: 0, deleteBytesPerSecond: 1e12, signal })
    equal(freed.chunks, 4)
    ok((await bytesOn(store)) < full / 3, `${await bytesOn(store)} of ${full} B are left`)
    for (const name of kept) deepEqual(await get(store, name), bytesOf(name))
    equal(await compact(store, { signal }), 0, 'once is enough')
  }))

test('a pack that cannot be read any more keeps the others from nothing', () =>
  withStore(async (store) => {
    const all = names(4 * perPack)
    await putMany(store, all)
    await store.packs.flush()
    const lostFrom = all[0] ?? ''
    const { chunkId } = await extentOf(store, lostFrom)
    for (const name of all.filter((_, index) => index % 8 !== 0))
      await store.objects.delete(bucket, parseObjectKey(name))
    const lost = (await chunksOf(store)).find(({ id }) => Buffer.compare(id, chunkId) === 0)
    for (const { id, node = -1 } of lost?.shards ?? [])
      await store.nodes[node]?.stores.shards.remove(id)
    equal(await compact(store, { signal }), 3)
    await store.packs.flush()
    const freed = await store.collector.collect({ graceMs: 0, deleteBytesPerSecond: 1e12, signal })
    equal(freed.chunks, 3)
    await rejects(get(store, lostFrom), fault('store/unreadable'))
  }))

test('packs that were closed almost empty become one', () =>
  withStore(async (store) => {
    const all = names(9)
    for (const name of all) {
      await put(store, name)
      await store.packs.flush()
    }
    equal((await chunksOf(store)).length, 9)
    equal(await mergePacks(store, { signal }), 9)
    await store.packs.flush()
    await store.collector.collect({ graceMs: 0, deleteBytesPerSecond: 1e12, signal })
    equal((await chunksOf(store)).length, 1)
    for (const name of all) deepEqual(await get(store, name), bytesOf(name))
    equal(await mergePacks(store, { signal }), 0, 'one alone is left alone')
  }))

test('without parity + 1 nodes that take it nothing is acknowledged', () =>
  withStore(async (store) => {
    await put(store, 'before')
    for (const { stores } of store.nodes.slice(2))
      Object.assign(stores.stage, {
        append: () => Promise.reject(shardFault('shard/io', { reason: 'no answer' })),
      })
    await rejects(put(store, 'spore'), (error) => isFault(error, 'changelog/unavailable'))
    await rejects(get(store, 'spore'), (error) => isFault(error, 'object/no-such-key'))
    deepEqual(await get(store, 'before'), bytesOf('before'))
  }))

test('while packs cannot be written, writers are refused and not kept waiting; what was acknowledged is there', () =>
  withStore(async (store) => {
    for (const { stores } of store.nodes.slice(0, 4))
      stores.shards.create = () => Promise.reject(shardFault('shard/io', { reason: 'no answer' }))
    const acknowledged: string[] = []
    const refused = (error: unknown): boolean =>
      isFault(error, 'store/too-few-nodes', 'changelog/unavailable')
    for (const name of names(6 * perPack)) {
      try {
        await put(store, name)
        acknowledged.push(name)
      } catch (error) {
        ok(refused(error), String(error))
        break
      }
    }
    ok(acknowledged.length > perPack && acknowledged.length < 6 * perPack)
    await rejects(store.packs.flush(), refused)
    for (const name of acknowledged) deepEqual(await get(store, name), bytesOf(name))
  }))

test('what a former process left on nodes that are away is unreadable until one is back', () =>
  withStore(async (store) => {
    await put(store, 'spore')
    await store.packs.close()
    const extent = await extentOf(store, 'spore')
    const { nodes, changelog, sql } = store
    const stages = nodes.map(({ stores: { stage } }) => ({ stage, read: stage.read }))
    const read = (): never => {
      throw shardFault('shard/io', { node: 'away' })
    }
    for (const { stage } of stages) Object.assign(stage, { read })
    const next = new ChunkStore(store.store.parts)
    const packs = await openPacks({ store: next, changelog, sql })
    const readSpore = async (): Promise<Buffer> =>
      Buffer.concat(await Array.fromAsync(readBody(next, [extent], { first: 0, end: 5, signal })))
    await rejects(readSpore(), (error) => isFault(error, 'store/unreadable'))
    for (const { stage, read: works } of stages) Object.assign(stage, { read: works })
    await packs.recover()
    deepEqual(await readSpore(), bytesOf('spore').subarray(0, 5))
    await packs.close()
  }))
