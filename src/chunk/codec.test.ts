import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex } from '#bytes/text'
import { type Codec, openCodec } from '#chunk/codec'
import { blockDigestBytes, decodeFooter } from '#chunk/footer'
import {
  blockPlainBytes,
  columnsOf,
  type Geometry,
  pageBytes,
  plainBytesPerBlock,
  stripePlainBytes,
  stripesOf,
  wholePages,
} from '#chunk/geometry'
import type { Slot } from '#chunk/slots'
import { blake3 } from '#crypto/blake3'

const storeId = new Uint8Array(16).fill(1)
const chunkId = new Uint8Array(16).fill(2)
const key = new Uint8Array(32).fill(3)

/** Seals a body as one chunk, the way the store does; returns its shards whole. */
async function sealChunk(codec: Codec, geometry: Geometry, body: Uint8Array) {
  const sealer = await codec.openSealer(['md5'])
  await sealer.beginChunk({ storeId, chunkId, geometry }, key)
  const columns: Uint8Array[][] = Array.from({ length: columnsOf(geometry.profile) }, () => [])
  for (let at = 0; at < body.length; at += stripePlainBytes(geometry)) {
    const slot = await codec.slots.acquire()
    const piece = body.subarray(at, at + stripePlainBytes(geometry))
    fillSlot(slot, geometry, piece)
    const padded = wholePages(await sealer.sealStripe(slot, piece.length))
    for (const [index, column] of columns.entries()) {
      const start = index * geometry.blockBytes
      column.push(Uint8Array.from(slot.bytes.subarray(start, start + padded)))
    }
    codec.slots.release(slot)
  }
  const shards = await sealer.endChunk()
  const digests = await sealer.digests()
  await sealer.close()
  return {
    digests,
    ids: shards.map(({ id }) => toHex(id)),
    footers: shards.map(({ footer }) => footer),
    shards: shards.map(({ footer }, index) => Buffer.concat([...(columns[index] ?? []), footer])),
  }
}

function fillSlot(slot: Slot, geometry: Geometry, plaintext: Uint8Array): void {
  slot.bytes.fill(0xee) // what a former user left behind must never matter
  const plain = blockPlainBytes(geometry)
  for (let at = 0, column = 0; at < plaintext.length; at += plain, column += 1) {
    slot.bytes.set(plaintext.subarray(at, at + plain), column * geometry.blockBytes)
  }
}

/** Reads a chunk back from the shards that are left, stripe by stripe, as a degraded read does. */
async function openChunk(
  codec: Codec,
  geometry: Geometry,
  bytes: number,
  shards: readonly (Uint8Array | undefined)[],
) {
  const shape = { ...geometry, bytes }
  const { data } = geometry.profile
  const pieces: Uint8Array[] = []
  for (let stripe = 0; stripe < stripesOf(shape); stripe += 1) {
    const slot = await codec.slots.acquire()
    slot.bytes.fill(0xdd)
    const plain = plainBytesPerBlock(shape, stripe)
    const present = shards
      .flatMap((shard, index) => (shard === undefined ? [] : [index]))
      .slice(0, data)
    for (const index of present) {
      const block = shards[index]?.subarray(
        stripe * geometry.blockBytes,
        stripe * geometry.blockBytes + plain + 16,
      )
      slot.bytes.set(block ?? [], index * geometry.blockBytes)
    }
    const wanted = Array.from({ length: data }, (_, column) => column)
    const lost = wanted.filter((column) => !present.includes(column))
    if (lost.length > 0)
      await codec.rebuildBlocks(slot, { geometry, present, lost, bytes: plain + 16 })
    const blocks = wanted.map((column) => ({ column, bytes: plain + 16 }))
    deepEqual(await codec.openBlocks(slot, { geometry, key, stripe, blocks }), [])
    for (const column of wanted) {
      const start = column * geometry.blockBytes
      pieces.push(Uint8Array.from(slot.bytes.subarray(start, start + plain)))
    }
    codec.slots.release(slot)
  }
  return Buffer.concat(pieces).subarray(0, bytes)
}

const cases = fc
  .record({
    data: fc.integer({ min: 1, max: 6 }),
    parity: fc.integer({ min: 1, max: 4 }),
    seed: fc.integer(),
    fullness: fc.double({ min: 0.0001, max: 1, noNaN: true }),
  })
  .map(({ data, parity, seed, fullness }) => {
    const geometry: Geometry = { profile: { data, parity }, blockBytes: pageBytes }
    const body = new Uint8Array(Math.max(1, Math.ceil(fullness * 3 * stripePlainBytes(geometry))))
    for (let i = 0; i < body.length; i += 1) body[i] = (i * 31 + seed * 7 + (i >> 8)) & 0xff
    return { geometry, body, seed: Math.abs(seed) }
  })

for (const threads of [0, 2]) {
  test(`any k shards give every byte back (${threads} threads)`, async () => {
    await using codec = openCodec({ threads, slots: 4, slotBytes: 10 * pageBytes })
    await fc.assert(
      fc.asyncProperty(cases, async ({ geometry, body, seed }) => {
        const { shards, ids, digests } = await sealChunk(codec, geometry, body)
        equal(toHex(digests.md5 ?? new Uint8Array()), createHash('md5').update(body).digest('hex'))
        deepEqual(
          shards.map((shard) => toHex(blake3(shard))),
          ids,
        )
        const lost = new Set(
          Array.from({ length: geometry.profile.parity }, (_, i) => (seed + i * 3) % shards.length),
        )
        const left = shards.map((shard, index) => (lost.has(index) ? undefined : shard))
        deepEqual(await openChunk(codec, geometry, body.length, left), Buffer.from(body))
      }),
      { numRuns: threads === 0 ? 60 : 20 },
    )
    equal(codec.slots.free, 4)
  })
}

test('lost shards are hashed into the footers and ids they had', async () => {
  await using codec = openCodec({ threads: 0, slots: 2, slotBytes: 6 * pageBytes })
  const geometry: Geometry = { profile: { data: 4, parity: 2 }, blockBytes: pageBytes }
  const body = new Uint8Array(2 * stripePlainBytes(geometry) + 1_234).map((_, i) => i % 251)
  const { shards, ids, footers } = await sealChunk(codec, geometry, body)
  const lost = [1, 5]
  const present = [0, 2, 3, 4]
  const hasher = await codec.openHasher({ storeId, chunkId, geometry }, lost)
  const shape = { ...geometry, bytes: body.length }
  for (let stripe = 0; stripe < stripesOf(shape); stripe += 1) {
    const slot = await codec.slots.acquire()
    const bytes = plainBytesPerBlock(shape, stripe) + 16
    for (const index of present) {
      const from = stripe * pageBytes
      slot.bytes.set(shards[index]?.subarray(from, from + bytes) ?? [], index * pageBytes)
    }
    await codec.rebuildBlocks(slot, { geometry, present, lost, bytes })
    await hasher.absorb(slot, bytes)
    codec.slots.release(slot)
  }
  const rebuilt = await hasher.finish(body.length)
  deepEqual(
    rebuilt.map(({ id }) => toHex(id)),
    [ids[1], ids[5]],
  )
  deepEqual(
    rebuilt.map(({ footer }) => Buffer.from(footer)),
    [footers[1], footers[5]].map((f) => Buffer.from(f ?? [])),
  )
})

test('a footer tells what it belongs to, and no bit of it can change unseen', async () => {
  await using codec = openCodec({ threads: 0, slots: 1, slotBytes: 3 * pageBytes })
  const geometry: Geometry = { profile: { data: 2, parity: 1 }, blockBytes: pageBytes }
  const body = new Uint8Array(stripePlainBytes(geometry) + 10)
  const { footers, shards } = await sealChunk(codec, geometry, body)
  const footer = Uint8Array.from(footers[2] ?? [])
  const decoded = decodeFooter(footer)
  equal(decoded.index, 2)
  deepEqual(decoded.chunkId, chunkId)
  deepEqual(decoded.storeId, storeId)
  deepEqual(decoded.shape, { ...geometry, bytes: body.length })
  const block = shards[2]?.subarray(0, pageBytes) ?? Buffer.alloc(0)
  deepEqual(
    decoded.digests.subarray(0, blockDigestBytes),
    Uint8Array.from(blake3(block).subarray(0, blockDigestBytes)),
  )
  fc.assert(
    fc.property(fc.nat(footer.length * 8 - 1), (bit) => {
      const changed = Uint8Array.from(footer)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      let isRefused = false
      try {
        decodeFooter(changed)
      } catch {
        isRefused = true
      }
      ok(isRefused)
    }),
  )
})

test('a changed block is not authentic, under its own number only', async () => {
  await using codec = openCodec({ threads: 0, slots: 1, slotBytes: 3 * pageBytes })
  const geometry: Geometry = { profile: { data: 2, parity: 1 }, blockBytes: pageBytes }
  const body = new Uint8Array(stripePlainBytes(geometry)).fill(7)
  const { shards } = await sealChunk(codec, geometry, body)
  const slot = await codec.slots.acquire()
  const blocks = [
    { column: 0, bytes: pageBytes },
    { column: 1, bytes: pageBytes },
  ]
  const load = (): void => {
    slot.bytes.set(shards[0]?.subarray(0, pageBytes) ?? [], 0)
    slot.bytes.set(shards[1]?.subarray(0, pageBytes) ?? [], pageBytes)
  }
  load()
  slot.bytes[pageBytes + 5] = (slot.bytes[pageBytes + 5] ?? 0) ^ 1
  deepEqual(await codec.openBlocks(slot, { geometry, key, stripe: 0, blocks }), [1])
  load()
  deepEqual(await codec.openBlocks(slot, { geometry, key, stripe: 1, blocks }), [0, 1])
  notEqual(shards[0]?.[0], 7)
})
