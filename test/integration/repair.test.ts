/** The repair queue on nodes that come and go: it works at once when there is work, and waits for nobody who is back. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { parseBucketName, parseObjectKey } from '#object/names'
import { examineShard } from '#repair/scrub'
import { shardFault } from '#shard/faults'
import type { ShardStore } from '#shard/store'
import type { ShardPlace } from '#store/chunk-record'
import { rebuildShards } from '#store/rebuild'
import { scanChunks } from '#store/tables'
import { type MemoryStore, type MemoryStoreOptions, openMemoryStore } from '../memory-store.ts'
import { bodyOf } from '../object-bytes.ts'
import { until } from '../until.ts'

const bucket = parseBucketName('forest')
const { signal } = new AbortController()
/** Well below the time after which failures are tried again anyway. */
const soon = { timeoutMs: 10_000 }

async function withObjects(
  work: (store: MemoryStore) => Promise<void>,
  options: Partial<MemoryStoreOptions> = {},
): Promise<void> {
  const profile = { data: 4, parity: 2 }
  await using store = await openMemoryStore({ profile, nodes: 6, ...options })
  await store.objects.createBucket(bucket)
  for (let index = 0; index < 5; index += 1) await put(store, `object ${index}`)
  store.repairer.start()
  await work(store)
}

async function put({ objects }: MemoryStore, name: string): Promise<void> {
  const body = bodyOf(Buffer.alloc(10_000, name))
  await objects.put(bucket, parseObjectKey(name), { body, metadata: { user: {} }, signal })
}

/** The nodes say that they are gone, until the returned function is called. */
function lose({ nodes }: MemoryStore, indexes: readonly number[]): () => void {
  const lost = indexes.flatMap((index) => nodes[index] ?? [])
  const former = lost.map(({ stores }) => ({ ...stores }))
  for (const { id, stores } of lost) {
    const refuse = async (): Promise<never> => {
      throw shardFault('shard/node-lost', { node: id, reason: 'gone' })
    }
    Object.assign(stores, { probe: refuse })
  }
  return () => {
    for (const [index, { stores }] of lost.entries()) Object.assign(stores, former[index])
  }
}

async function holdersOf({ sql }: MemoryStore): Promise<readonly (readonly unknown[])[]> {
  const chunks = await Array.fromAsync(scanChunks(sql))
  return chunks.map(({ shards }) => shards.map(({ node }) => node))
}

const isQuiet = async ({ repairer }: MemoryStore): Promise<number> => repairer.length
const isZero = (length: number): boolean => length === 0

test('shards of a lost node are rebuilt elsewhere, and spread again when it is back', () =>
  withObjects(async (store) => {
    const find = lose(store, [2])
    await store.cluster.check()
    ok(store.repairer.length > 0, 'known to be incomplete as soon as the node is known to be down')
    await until(() => isQuiet(store), isZero, soon)
    for (const holders of await holdersOf(store)) equal(holders.includes(2), false)
    find()
    await store.cluster.check()
    ok(store.repairer.length > 0)
    await until(() => isQuiet(store), isZero, soon)
    for (const holders of await holdersOf(store))
      deepEqual([...holders].sort(), [0, 1, 2, 3, 4, 5], 'one shard on each')
  }))

test('what could not be repaired is tried again as soon as nodes are back', () =>
  withObjects(async (store) => {
    const find = lose(store, [0, 1, 2])
    await store.cluster.check()
    ok(store.repairer.length > 0)
    for (const { id } of await Array.fromAsync(scanChunks(store.sql))) store.repairer.enqueue(id)
    await store.repairer.drain()
    ok(store.repairer.length > 0, 'too little is left to rebuild it from')
    find()
    await store.cluster.check()
    await until(() => isQuiet(store), isZero, soon)
    for (const holders of await holdersOf(store)) equal(new Set(holders).size, 6)
  }))

test('a shard that is written anew where it lies is not lost when that fails', () =>
  withObjects(async (store) => {
    const [chunk] = await Array.fromAsync(scanChunks(store.sql))
    const place = chunk?.shards[0]
    ok(chunk !== undefined && place?.node !== undefined)
    const node = store.cluster.node(place.node)
    ok(node !== undefined)
    const { shards } = node.stores
    const create = shards.create.bind(shards)
    const fail = async (): Promise<never> => {
      throw shardFault('shard/io', { node: node.id, reason: 'sync' })
    }
    Object.assign(shards, { create: async () => Object.assign(await create(), { commit: fail }) })
    const targets = [{ column: 0, node }]
    const { written, failures } = await rebuildShards(store.store, chunk, { targets, signal })
    deepEqual(written, [])
    deepEqual(
      failures.map(({ column, error }) => [column, isFault(error, 'shard/io')]),
      [[0, true]],
    )
    ok((await shards.stat(place.id)) !== undefined)
  }))

test('a shard that lies on another node than is recorded is found when nothing else is left', () =>
  withObjects(async (store) => {
    for (const { shards } of await Array.fromAsync(scanChunks(store.sql))) {
      const [first, second, third] = shards
      ok(first !== undefined && second !== undefined && third !== undefined)
      await stray(store, first)
      for (const { id, node = -1 } of [second, third])
        await store.nodes[node]?.stores.shards.remove(id)
    }
    await store.repairer.takeInventory()
    await until(() => isQuiet(store), isZero, soon)
    for (const chunk of await Array.fromAsync(scanChunks(store.sql)))
      for (const place of chunk.shards) {
        const { shards } = store.nodes[place.node ?? -1]?.stores ?? {}
        ok(shards !== undefined)
        equal(await examineShard(chunk, place, { shards }), 'whole')
      }
    for (const holders of await holdersOf(store)) equal(new Set(holders).size, 6)
  }))

test('what lies elsewhere but is not whole is no shard', () =>
  withObjects(async (store) => {
    const [chunk] = await Array.fromAsync(scanChunks(store.sql))
    const [first, second, third] = chunk?.shards ?? []
    ok(chunk !== undefined && first !== undefined && second !== undefined && third !== undefined)
    await stray(store, first, { isRotten: true })
    for (const { id, node = -1 } of [second, third])
      await store.nodes[node]?.stores.shards.remove(id)
    store.repairer.enqueue(chunk.id)
    await until(
      () => isQuiet(store),
      (length) => length === 1,
    )
    await store.repairer.drain()
    equal(store.repairer.length, 1, 'too little is left')
    deepEqual(
      (await holdersOf(store))[0],
      chunk.shards.map(({ node }) => node),
    )
  }))

test('the last copy of a shard is not collected, wherever it lies, before the shard is whole again', () =>
  withObjects(async (store) => {
    const [chunk] = await Array.fromAsync(scanChunks(store.sql))
    const [place] = chunk?.shards ?? []
    ok(chunk !== undefined && place !== undefined)
    const shards = await stray(store, place)
    const options = { graceMs: 0, deleteBytesPerSecond: 1e12, signal }
    equal((await store.collector.collect(options)).shards, 0)
    ok((await shards.stat(place.id)) !== undefined)
    await until(() => isQuiet(store), isZero, soon)
    equal((await store.collector.collect(options)).shards, 1)
    equal(await shards.stat(place.id), undefined)
  }))

/** The shard lies on the next node, and no more where it is recorded. Returns the next node's shards. */
async function stray(
  { nodes }: MemoryStore,
  { id, node = -1 }: ShardPlace,
  { isRotten = false } = {},
): Promise<ShardStore> {
  const from = nodes[node]?.stores.shards
  const to = nodes[(node + 1) % nodes.length]?.stores.shards
  ok(from !== undefined && to !== undefined)
  const bytes = new Uint8Array((await from.stat(id))?.bytes ?? 0)
  await from.read(id, bytes, { offset: 0 })
  if (isRotten) bytes[0] = ~(bytes[0] ?? 0)
  const writer = await to.create()
  await writer.write(bytes, 0)
  await writer.commit(id)
  await from.remove(id)
  return to
}

for (const call of ['create', 'write', 'commit'] as const)
  test(`a node that hangs in ${call} does not hold up repair of other nodes' shards`, () =>
    withObjects(
      async (store) => {
        const { promise: gate, resolve: answer } = Promise.withResolvers<void>()
        hang(store, { call, gate })
        const chunks = await Array.fromAsync(scanChunks(store.sql))
        const lostFrom = async (number: number): Promise<void> => {
          for (const { id, shards } of chunks) {
            const place = shards.find(({ node }) => node === number)
            if (place !== undefined) await store.nodes[number]?.stores.shards.remove(place.id)
            store.repairer.enqueue(id)
          }
        }
        await lostFrom(hangingNode)
        await lostFrom(4)
        await until(() => isQuiet(store), isZero, soon)
        for (const { shards } of await Array.fromAsync(scanChunks(store.sql)))
          for (const { id, node = -1 } of shards)
            ok((await store.nodes[node]?.stores.shards.stat(id)) !== undefined)
        answer()
        await until(
          async () => store.codec.slots.free,
          (free) => free === store.codec.slots.slots,
        )
      },
      { nodeDeadlineMs: 50 },
    ))

const hangingNode = 2

/** One of the calls that write a shard to the node waits for `gate`. */
function hang(
  { nodes }: MemoryStore,
  { call, gate }: { readonly call: 'create' | 'write' | 'commit'; readonly gate: Promise<void> },
): void {
  const shards = nodes[hangingNode]?.stores.shards
  ok(shards !== undefined)
  const create = shards.create.bind(shards)
  Object.assign(shards, {
    create: async () => {
      if (call === 'create') await gate
      const writer = await create()
      if (call === 'create') return writer
      const former = writer[call].bind(writer) as (...args: readonly unknown[]) => Promise<unknown> // takes what it is given
      return Object.assign(writer, {
        [call]: async (...args: readonly unknown[]) => {
          await gate
          return await former(...args)
        },
      })
    },
  })
}

test('a node that refuses some shards for a moment is not held down for it', () =>
  withObjects(async (store) => {
    const node = store.nodes[2]
    ok(node !== undefined)
    const { shards } = node.stores
    const { create } = shards
    const refuse = async (): Promise<never> => {
      throw shardFault('shard/io', { node: node.id, reason: 'moved' })
    }
    Object.assign(shards, { create: refuse })
    for (const { id, shards: places } of await Array.fromAsync(scanChunks(store.sql))) {
      for (const place of places) if (place.node === 2) await shards.remove(place.id)
      store.repairer.enqueue(id)
      await store.repairer.drain()
    }
    Object.assign(shards, { create })
    await store.cluster.check()
    equal(store.cluster.node(2)?.state, 'up')
  }))

test('an object that was written with a shard missing is whole again soon after', () =>
  withObjects(async (store) => {
    const shards = store.nodes[2]?.stores.shards
    ok(shards !== undefined)
    const { create } = shards
    const refuse = async (): Promise<never> => {
      throw shardFault('shard/io', { node: 'node-03', reason: 'for a moment' })
    }
    Object.assign(shards, {
      create: async () => Object.assign(await create.call(shards), { write: refuse }),
    })
    await put(store, 'written while a node fails')
    Object.assign(shards, { create })
    await until(
      () => holdersOf(store),
      (chunks) => chunks.every((holders) => !holders.includes(undefined)),
      soon,
    )
  }))
