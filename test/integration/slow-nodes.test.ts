/** One slow node of many: it is nobody's but its own shard's. Gates instead of clocks: a node answers when the test says so. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { parseBucketName, parseObjectKey } from '#object/names'
import { shardFault } from '#shard/faults'
import { scanChunks } from '#store/tables'
import { type MemoryStore, openMemoryStore } from '../memory-store.ts'
import { bodyOf, gather } from '../object-bytes.ts'
import { until } from '../until.ts'

const bucket = parseBucketName('forest')
const { signal } = new AbortController()
/** Two chunks of several stripes each. */
const bytes = Buffer.alloc(60_000, 'late, but in the end')

async function withStore(work: (store: MemoryStore) => Promise<void>): Promise<void> {
  await using store = await openMemoryStore({ profile: { data: 4, parity: 2 }, nodes: 6 })
  await store.objects.createBucket(bucket)
  store.repairer.start()
  await work(store)
}

function put({ objects }: MemoryStore, name: string, verify = () => undefined): Promise<unknown> {
  const options = { body: bodyOf(bytes, { verify }), metadata: { user: {} }, signal }
  return objects.put(bucket, parseObjectKey(name), options)
}

async function read({ objects }: MemoryStore, name: string): Promise<Buffer> {
  const opened = await objects.open(bucket, parseObjectKey(name))
  const all = await gather(opened.read(undefined, { signal }))
  opened.release()
  return all
}

interface Gate {
  /** Lets through what waits, and what is still to come. */
  open(): void
  /** How many shards the node was asked to begin. */
  readonly created: number
}

/** Blocks of shards are not written on this node until the gate is open; with an `error` they are refused then. */
function gate(
  { nodes }: MemoryStore,
  index: number,
  { call = 'write', error }: { readonly call?: 'write' | 'commit'; readonly error?: Error } = {},
): Gate {
  const shards = nodes[index]?.stores.shards
  ok(shards !== undefined)
  const { promise: opened, resolve } = Promise.withResolvers<void>()
  const create = shards.create.bind(shards)
  let created = 0
  let isOpen = false
  Object.assign(shards, {
    create: async () => {
      created += 1
      const writer = await create()
      if (isOpen) return writer
      const former = writer[call].bind(writer) as (...args: readonly unknown[]) => Promise<unknown> // takes what it is given
      return Object.assign(writer, {
        [call]: async (...args: readonly unknown[]) => {
          await opened
          if (error !== undefined) throw error
          return await former(...args)
        },
      })
    },
  })
  return {
    open: () => {
      isOpen = true
      resolve()
    },
    get created() {
      return created
    },
  }
}

async function missing({ sql }: MemoryStore): Promise<number> {
  const chunks = await Array.fromAsync(scanChunks(sql))
  return chunks.flatMap(({ shards }) => shards.filter(({ node }) => node === undefined)).length
}

const noneIsMissing = (store: MemoryStore): Promise<number> =>
  until(
    () => missing(store),
    (count) => count === 0,
  )

for (const call of ['write', 'commit'] as const)
  test(`a put does not wait for a node that is slow to ${call}; its shards arrive and are recorded, nothing is rebuilt`, () =>
    withStore(async (store) => {
      const slow = gate(store, 2, { call })
      await put(store, 'first')
      await put(store, 'second') // the node begins late
      equal(await missing(store), 4)
      ok(store.repairer.length > 0, 'known to be incomplete')
      deepEqual(await read(store, 'first'), bytes)
      slow.open()
      await noneIsMissing(store)
      await until(
        async () => store.repairer.length,
        (length) => length === 0,
      )
      equal(slow.created, 4, 'each shard was begun once')
      const shards = store.nodes[2]?.stores.shards
      equal((await shards?.usage())?.shards, 4)
      for (const name of ['first', 'second']) deepEqual(await read(store, name), bytes)
      equal(store.codec.slots.free, store.codec.slots.slots)
    }))

test('a shard that was late and is refused in the end is repaired', () =>
  withStore(async (store) => {
    const error = shardFault('shard/io', { node: 'node-03', reason: 'gone wrong' })
    const slow = gate(store, 2, { error })
    await put(store, 'object')
    equal(await missing(store), 2)
    slow.open()
    await noneIsMissing(store)
    equal(slow.created, 4)
    deepEqual(await read(store, 'object'), bytes)
  }))

test('half of the parity may be late, no more', () =>
  withStore(async (store) => {
    const slow = [gate(store, 2), gate(store, 4)]
    const answered = put(store, 'object')
    await until(
      async () => slow.map(({ created }) => created),
      (created) => created.every((count) => count > 0),
    )
    slow[0]?.open()
    await answered
    const chunks = await Array.fromAsync(scanChunks(store.sql))
    for (const { shards } of chunks) ok(shards.some(({ node }) => node === 2))
    equal(await missing(store), chunks.length)
    slow[1]?.open()
    await noneIsMissing(store)
  }))

test('shards of a refused body that arrive late are removed', () =>
  withStore(async (store) => {
    const slow = gate(store, 2, { call: 'commit' })
    const refused = put(store, 'object', () => {
      slow.open()
      throw new Error('not what was announced')
    })
    await rejects(refused, /not what was announced/)
    const shards = store.nodes[2]?.stores.shards
    await until(
      async () => (await shards?.usage())?.shards,
      (count) => count === 0,
    )
    equal(store.store.late.chunks, 0)
  }))
