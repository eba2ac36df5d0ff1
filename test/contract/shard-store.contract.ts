/** What every shard store promises, wherever it keeps its bytes. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3 } from '#crypto/blake3'
import { isFault } from '#fault/fault'
import { parseShardId, type ShardId } from '#shard/shard-id'
import type { NodeStores, ShardStore } from '#shard/store'
import { fault } from '../fault.ts'
import { sameBytes } from './same-bytes.ts'

/** Gives the test an empty node and takes it away afterwards. */
export type WithNode = (body: (node: NodeStores) => Promise<void>) => Promise<void>

interface Shard {
  readonly id: ShardId
  readonly bytes: Uint8Array<ArrayBuffer>
}

const made = new Map<string, Shard>()

/** `pages` pages that no other seed has. Not to be written to: the next caller gets the same memory. */
export function shardOf(seed: number, pages = 2): Shard {
  const known = made.get(`${seed} ${pages}`)
  if (known !== undefined) return known
  const bytes = new Uint8Array(pages * 4096)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 31 + seed * 17 + (at >> 12)) & 255
  new DataView(bytes.buffer).setUint32(0, seed)
  const shard = { id: parseShardId(blake3(bytes).toHex()), bytes }
  made.set(`${seed} ${pages}`, shard)
  return shard
}

export async function put(store: ShardStore, seed: number, pages = 2): Promise<ShardId> {
  const { id, bytes } = shardOf(seed, pages)
  const writer = await store.create()
  await writer.write(bytes, 0)
  await writer.commit(id)
  return id
}

export async function readWhole(store: ShardStore, seed: number, pages = 2): Promise<void> {
  const { id, bytes } = shardOf(seed, pages)
  const into = new Uint8Array(bytes.length)
  await store.read(id, into, { offset: 0 })
  sameBytes(into, bytes, `shard ${seed}`)
}

export function shardStoreContract(name: string, withNode: WithNode): void {
  const on = (
    title: string,
    body: (store: ShardStore, node: NodeStores) => Promise<void>,
  ): void => {
    test(`${name}: ${title}`, () => withNode((node) => body(node.shards, node)))
  }

  on('a shard is there from its commit on, byte for byte', async (store) => {
    const { id, bytes } = shardOf(1, 40)
    const writer = await store.create()
    await Promise.all(
      [3, 0, 2, 1].map((part) =>
        writer.write(bytes.subarray(part * 40_960, part * 40_960 + 40_960), part * 40_960),
      ),
    )
    equal(await store.stat(id), undefined)
    await rejects(store.read(id, new Uint8Array(1), { offset: 0 }), fault('shard/not-found'))
    const stat = await writer.commit(id)
    equal(stat.bytes, bytes.length)
    deepEqual(await store.stat(id), stat)
    await readWhole(store, 1, 40)
  })

  on('reads take any range inside the shard and refuse what runs over', async (store) => {
    const { id, bytes } = shardOf(2)
    await put(store, 2)
    await fc.assert(
      fc.asyncProperty(fc.nat(9000), fc.nat(9000), async (offset, length) => {
        const into = new Uint8Array(length)
        const reading = store.read(id, into, { offset })
        if (offset + length > bytes.length && length > 0)
          return await rejects(reading, fault('shard/short'))
        await reading
        sameBytes(into, bytes.subarray(offset, offset + length))
      }),
    )
  })

  on('an aborted read rejects with the reason', async (store) => {
    const id = await put(store, 2)
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await rejects(store.read(id, new Uint8Array(1), { offset: 0, signal }), reason)
  })

  on(
    'an aborted shard leaves nothing; abort is idempotent and harmless after commit',
    async (store) => {
      const { id, bytes } = shardOf(3)
      const dropped = await store.create()
      await dropped.write(bytes, 0)
      await dropped.abort()
      await dropped.abort()
      equal(await store.stat(id), undefined)
      const kept = await store.create()
      await kept.write(bytes, 0)
      await kept.commit(id)
      await kept.abort()
      await readWhole(store, 3)
      const { shards, usedBytes } = await store.usage()
      deepEqual({ shards, usedBytes }, { shards: 1, usedBytes: bytes.length })
    },
  )

  on('committing an id again, even at the same time, is success and counts once', async (store) => {
    await Promise.all([put(store, 4), put(store, 4), put(store, 4)])
    await put(store, 4)
    await readWhole(store, 4)
    const { shards, usedBytes } = await store.usage()
    deepEqual({ shards, usedBytes }, { shards: 1, usedBytes: 8192 })
  })

  on('a commit replaces what lies under its name', async (store) => {
    const { id, bytes } = shardOf(4)
    const rotten = Uint8Array.from(bytes, (byte, at) => (at === 5_000 ? byte ^ 1 : byte))
    const writer = await store.create()
    await writer.write(rotten, 0)
    await writer.commit(id)
    await store.read(id, new Uint8Array(4096), { offset: 4096 })
    await put(store, 4)
    await readWhole(store, 4)
  })

  on('a removal of one commit leaves the shard of another', async (store) => {
    const id = await put(store, 5)
    const committedAt = (await store.stat(id))?.committedAt ?? 0
    equal(await store.remove(id, { committedAt: committedAt - 1 }), false)
    await readWhole(store, 5)
    equal(await store.remove(id, { committedAt }), true)
    equal(await store.stat(id), undefined)
  })

  on('a removal says whether there was one, and is idempotent', async (store) => {
    const id = await put(store, 5)
    await readWhole(store, 5)
    equal(await store.remove(id), true)
    equal(await store.remove(id), false)
    equal(await store.stat(id), undefined)
    await rejects(store.read(id, new Uint8Array(1), { offset: 0 }), fault('shard/not-found'))
    equal((await store.usage()).usedBytes, 0)
    await put(store, 5)
    await readWhole(store, 5)
  })

  on('parts that are not whole pages are a mistake of ours', async (store) => {
    const writer = await store.create()
    await rejects(writer.write(new Uint8Array(100), 0), { name: 'AssertionError' })
    await rejects(writer.write(new Uint8Array(4096), 100), { name: 'AssertionError' })
    await writer.abort()
    await rejects(writer.write(new Uint8Array(4096), 0), { name: 'AssertionError' })
  })

  on('readers of a shard that is being removed get its bytes or shard/not-found', async (store) => {
    for (let round = 0; round < 20; round += 1) {
      const id = await put(store, round)
      const readings = Array.from({ length: 5 }, () => readWhole(store, round))
      const [removed, ...outcomes] = await Promise.allSettled([store.remove(id), ...readings])
      equal(removed.status === 'fulfilled' && removed.value, true)
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') ok(isFault(outcome.reason, 'shard/not-found'))
    }
  })

  on(
    'commits and removals of one id at the same time end in one of the two states',
    async (store) => {
      const { id } = shardOf(7)
      for (let round = 0; round < 20; round += 1) {
        await Promise.all([put(store, 7), store.remove(id), put(store, 7), store.remove(id)])
        const isThere = (await store.stat(id)) !== undefined
        if (isThere) await readWhole(store, 7)
        equal((await store.usage()).shards, isThere ? 1 : 0)
        await put(store, 7)
        await readWhole(store, 7)
      }
    },
  )

  on('a list is in id order and minds no changes meanwhile', async (store) => {
    const ids = await Promise.all(Array.from({ length: 30 }, (_, seed) => put(store, seed, 1)))
    const listed: string[] = []
    for await (const { id, bytes } of store.list()) {
      equal(bytes, 4096)
      listed.push(id)
      if (listed.length === 5) await store.remove(ids.toSorted()[20] ?? id)
      if (listed.length === 6) await put(store, 1000, 1)
    }
    deepEqual(listed, listed.toSorted())
    equal(new Set(listed).size, listed.length)
    equal(ids.filter((id) => !listed.includes(id)).length <= 1, true)
  })

  on('whatever is done in whatever order, it holds what a map would hold', async (store) => {
    const model = new Map<ShardId, number>()
    const step = fc.record({ seed: fc.nat(12), act: fc.constantFrom('put', 'remove', 'read') })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        for (const { seed, act } of steps) {
          const pages = 1 + (seed % 3)
          const { id, bytes } = shardOf(seed, pages)
          if (act === 'put') model.set(await put(store, seed, pages), bytes.length)
          else if (act === 'remove') equal(await store.remove(id), model.delete(id))
          else if (model.has(id)) await readWhole(store, seed, pages)
          else
            await rejects(
              store.read(id, new Uint8Array(1), { offset: 0 }),
              fault('shard/not-found'),
            )
        }
        const listed = (await Array.fromAsync(store.list())).map(
          ({ id, bytes }) => [id, bytes] as const,
        )
        deepEqual(listed, [...model].sort())
        const { shards, usedBytes } = await store.usage()
        equal(shards, model.size)
        equal(
          usedBytes,
          [...model.values()].reduce((sum, bytes) => sum + bytes, 0),
        )
      }),
      { numRuns: 25 },
    )
  })
}
