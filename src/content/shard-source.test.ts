import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import type { Backend } from '#content/backend'
import type { Block, ShardLocation } from '#content/metadata'
import { ShardSource } from '#content/shard-source'
import { isFault } from '#fault/fault'
import { redisFault } from '#redis/faults'
import { SimulatedWorld } from '#world/simulated'

type Behaviour = 'missing' | 'away' | { readonly afterMs: number }

const block = (shards: readonly ShardLocation[], requiredShards: number): Block => ({
  shards,
  requiredShards,
  startOffset: 0,
  endOffset: 9,
  contentHash: new Uint8Array(16),
  encryptedHash: new Uint8Array(16),
  nonce: new Uint8Array(12),
})
const places = (count: number): readonly ShardLocation[] =>
  Array.from({ length: count }, (_, index) => ({ host: '10.0.0.1', port: 1 + index, db: 1 }))

/** Backends by their port; each shard's only byte is its port. */
function sourceOf(world: SimulatedWorld, behaviours: readonly Behaviour[]) {
  const asked: number[] = []
  const backendAt = async ({ port }: ShardLocation): Promise<Backend> => {
    const get: Backend['get'] = async (_key, roomFor) => {
      asked.push(port)
      const behaviour = behaviours[port - 1] ?? 'missing'
      if (behaviour === 'away') throw redisFault('redis/unavailable', { reason: 'it is away' })
      if (behaviour === 'missing') return undefined
      await world.sleep(behaviour.afterMs)
      const room = roomFor?.(1) ?? new Uint8Array(1)
      return room.fill(port)
    }
    const nothing = async () => true
    return { name: `${port}`, get, put: async () => {}, has: nothing, remove: nothing }
  }
  const { signal } = new AbortController()
  return { source: new ShardSource({ backendAt, world, signal }), asked }
}

const within = (work: (world: SimulatedWorld) => Promise<void>) => async (): Promise<void> => {
  const world = new SimulatedWorld(1)
  await world.run(() => work(world))
}
const there = (shards: readonly (Uint8Array | undefined)[]): readonly (number | undefined)[] =>
  shards.map((shard) => shard?.[0])
const quick = { afterMs: 1 }

test(
  'as many as are needed are asked, data first',
  within(async (world) => {
    const { source, asked } = sourceOf(world, [quick, quick, quick, quick, quick])
    deepEqual(there((await source.enough(block(places(5), 3))).shards), [
      1,
      2,
      3,
      undefined,
      undefined,
    ])
    deepEqual(asked, [1, 2, 3])
  }),
)

test(
  'who fails, or has nothing, is replaced at once, and asked last the next time',
  within(async (world) => {
    const { source, asked } = sourceOf(world, ['away', 'missing', quick, quick, quick])
    const startedAt = world.monotonic()
    deepEqual(there((await source.enough(block(places(5), 3))).shards), [
      undefined,
      undefined,
      3,
      4,
      5,
    ])
    ok(world.monotonic() - startedAt < 10)
    asked.length = 0
    await source.enough(block(places(5), 3))
    ok(!asked.includes(1), 'enough others are there')
  }),
)

test(
  'who is late is not waited for',
  within(async (world) => {
    const { source } = sourceOf(world, [{ afterMs: 60_000 }, quick, quick, quick])
    const startedAt = world.monotonic()
    deepEqual(there((await source.enough(block(places(4), 2))).shards), [
      undefined,
      2,
      3,
      undefined,
    ])
    ok(world.monotonic() - startedAt < 1_000)
    const between = world.monotonic()
    await source.enough(block(places(4), 2))
    ok(world.monotonic() - between < 100, 'the next time it is known what is usual')
  }),
)

test(
  'too few are a fault that says why',
  within(async (world) => {
    const { source } = sourceOf(world, [quick, 'away', 'missing'])
    await rejects(source.enough(block(places(3), 2)), (error) => {
      ok(isFault(error, 'content/too-few-shards'))
      deepEqual(error.detail, { present: 1, required: 2, reason: 'it is away' })
      return true
    })
  }),
)

test(
  'shards that others of the block have overwritten are not asked for',
  within(async (world) => {
    const { source, asked } = sourceOf(world, [quick, quick])
    const [one, other] = places(2)
    ok(one && other)
    const { shards } = await source.enough(block([one, one, other], 2))
    deepEqual(there(shards), [undefined, 1, 2])
    equal(asked.length, 2)
    const states = (await source.all(block([one, one, other], 2))).map(({ state }) => state)
    deepEqual(states, ['overwritten', 'there', 'there'])
  }),
)

test(
  'shards lie where there is room for them, and who is late may still write there until it is said',
  within(async (world) => {
    const { source } = sourceOf(world, [{ afterMs: 60_000 }, quick, quick])
    const rooms = [10, 11, 12].map(() => new Uint8Array(1))
    const { shards, settled } = await source.enough(block(places(3), 2), (index) => rooms[index])
    deepEqual(shards, [undefined, rooms[1], rooms[2]])
    deepEqual(there(rooms), [0, 2, 3])
    await settled
    deepEqual(there(rooms), [1, 2, 3])
  }),
)
