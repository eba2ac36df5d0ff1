/** Golden vectors of docs/formats/shard.md: these bytes must come out of every later version, and be read by it. */
import { deepEqual, equal } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex, toHex } from '#bytes/text'
import { openCodec } from '#chunk/codec'
import { decodeFooter } from '#chunk/footer'
import { blockPlainBytes, columnsOf, type Geometry, stripePlainBytes } from '#chunk/geometry'

interface ShardVector {
  readonly storeId: string
  readonly chunkId: string
  readonly key: string
  readonly data: number
  readonly parity: number
  readonly blockBytes: number
  /** Plaintext byte i is (i · 7 + ⌊i / 256⌋) mod 256. */
  readonly bytes: number
  readonly firstBlockStart: string
  readonly shards: readonly { readonly id: string; readonly footer: string }[]
}

const vectors: readonly ShardVector[] = JSON.parse(
  readFileSync(new URL('../../test/vectors/shard.json', import.meta.url), 'utf8'),
)

async function encode(vector: ShardVector) {
  const geometry: Geometry = {
    profile: { data: vector.data, parity: vector.parity },
    blockBytes: vector.blockBytes,
  }
  const body = Uint8Array.from({ length: vector.bytes }, (_, i) => (i * 7 + (i >> 8)) & 0xff)
  const slotBytes = columnsOf(geometry.profile) * vector.blockBytes
  await using codec = openCodec({ threads: 0, slots: 1, slotBytes })
  const sealer = await codec.openSealer([])
  const identity = { storeId: fromHex(vector.storeId), chunkId: fromHex(vector.chunkId), geometry }
  await sealer.beginChunk(identity, fromHex(vector.key))
  const slot = await codec.slots.acquire()
  let firstBlockStart = ''
  for (let at = 0; at < body.length; at += stripePlainBytes(geometry)) {
    const stripe = body.subarray(at, at + stripePlainBytes(geometry))
    for (let column = 0; column * blockPlainBytes(geometry) < stripe.length; column += 1) {
      const from = column * blockPlainBytes(geometry)
      slot.bytes.set(
        stripe.subarray(from, from + blockPlainBytes(geometry)),
        column * vector.blockBytes,
      )
    }
    await sealer.sealStripe(slot, stripe.length)
    if (at === 0) firstBlockStart = toHex(slot.bytes.subarray(0, 32))
  }
  const shards = await sealer.endChunk()
  return {
    firstBlockStart,
    shards: shards.map(({ id, footer }) => ({ id: toHex(id), footer: toHex(footer) })),
    geometry,
  }
}

test('chunks are coded as the vectors say, and their footers are read', async () => {
  equal(vectors.length, 3)
  for (const vector of vectors) {
    const { firstBlockStart, shards, geometry } = await encode(vector)
    equal(firstBlockStart, vector.firstBlockStart)
    deepEqual(shards, vector.shards)
    for (const [index, { footer }] of vector.shards.entries()) {
      const decoded = decodeFooter(fromHex(footer))
      equal(decoded.index, index)
      deepEqual(decoded.shape, { ...geometry, bytes: vector.bytes })
    }
  }
})
