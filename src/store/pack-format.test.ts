/** The bytes of docs/formats/pack.md: they must come out of every later version, and be read by it. */
import { deepEqual, equal } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import { openCodec } from '#chunk/codec'
import { decodeFooter } from '#chunk/footer'
import { seal } from '#crypto/aead'
import { Pack } from '#store/_pack'
import { extentFromJson, extentToJson } from '#store/chunk-record'
import { packedNonce } from '#store/data-key'
import { decodeStageFrame, encodeStageFrame } from '#store/stage-frame'

function readVector(name: string) {
  return JSON.parse(
    readFileSync(new URL(`../../test/vectors/${name}.json`, import.meta.url), 'utf8'),
  )
}

interface ObjectVector {
  readonly plaintext: string
  readonly key: string
  readonly offset: number
  readonly sealed: string
}

const vector = readVector('pack')
const objects: readonly ObjectVector[] = vector.objects
const geometry = {
  profile: { data: vector.data, parity: vector.parity },
  blockBytes: vector.blockBytes,
  isPacked: true,
}
const packId = fromHex(vector.packId)

test('objects are sealed and staged as the vector says', () => {
  const staged = objects.map(({ plaintext, key, offset, sealed }) => {
    const made = seal(fromHex(plaintext), { key: fromHex(key), nonce: packedNonce })
    equal(toHex(made), sealed)
    return { offset, sealed: made }
  })
  equal(toHex(encodeStageFrame({ packId, geometry, objects: staged })), vector.frame)
  const read = decodeStageFrame(fromHex(vector.frame))
  deepEqual(read?.geometry, geometry)
  equal(toHex(read?.packId ?? new Uint8Array()), vector.packId)
  deepEqual(
    read?.objects.map(({ offset, sealed }) => [offset, toHex(sealed)]),
    objects.map(({ offset, sealed }) => [offset, sealed]),
  )
})

test('a pack becomes the shards that the vector says', async () => {
  const pack = new Pack(packId, geometry)
  for (const { offset, sealed } of objects) pack.put({ offset, sealed: fromHex(sealed) })
  equal(pack.columnBytes * vector.data, vector.bytes)
  const slotBytes = (vector.data + vector.parity) * vector.blockBytes
  await using codec = openCodec({ threads: 0, slots: 1, slotBytes })
  const sealer = await codec.openSealer([])
  const identity = { storeId: fromHex(vector.storeId), chunkId: packId, geometry }
  await sealer.beginChunk(identity, new Uint8Array())
  const slot = await codec.slots.acquire()
  for (let column = 0; column < vector.data; column += 1)
    slot.bytes.set(pack.column(column), column * vector.blockBytes)
  await sealer.sealStripe(slot, vector.bytes)
  const shards = await sealer.endChunk()
  deepEqual(
    shards.map(({ id, footer }) => ({ id: toHex(id), footer: toHex(footer) })),
    vector.shards,
  )
  const footer = decodeFooter(fromHex(vector.shards[1].footer))
  deepEqual(footer.shape, { ...geometry, bytes: vector.bytes })
})

test('an object of a pack in a recipe is as the vector says', () => {
  const json = readVector('recipe').packedExtent
  const extent = extentFromJson(json)
  equal(toHex(extent.chunkId), vector.packId)
  equal(extent.key?.generation, 3)
  deepEqual(extentToJson(extent), json)
})

const staging = fc.array(fc.uint8Array({ minLength: 17, maxLength: 1_024 }), { maxLength: 60 })

test('what is placed in a pack lies whole in one column, and over nothing else', () => {
  fc.assert(
    fc.property(staging, fc.integer({ min: 1, max: 5 }), (bodies, data) => {
      const pack = new Pack(packId, { ...geometry, profile: { data, parity: 1 } })
      const placed = bodies.flatMap((sealed) => {
        const offset = pack.place(sealed)
        return offset === undefined ? [] : [{ sealed, offset }]
      })
      let bytes = 0
      for (const { sealed, offset } of placed) {
        deepEqual(Uint8Array.from(pack.at(offset, sealed.length)), sealed)
        equal(
          Math.floor(offset / geometry.blockBytes),
          Math.floor((offset + sealed.length - 1) / geometry.blockBytes),
        )
        bytes += sealed.length
      }
      const refused = bodies.length - placed.length
      if (refused > 0) equal(bytes > data * (geometry.blockBytes - 1_024), true, 'it was full')
    }),
  )
})

test('a stage frame reads back, and one that was cut or changed in its header does not', () => {
  fc.assert(
    fc.property(staging, fc.nat(), (bodies, cut) => {
      const staged = bodies.map((sealed, index) => ({ offset: index * 2_048, sealed }))
      const bytes = encodeStageFrame({ packId, geometry, objects: staged })
      const read = decodeStageFrame(bytes)
      deepEqual(
        read?.objects.map(({ offset, sealed }) => ({ offset, sealed: Uint8Array.from(sealed) })),
        staged,
      )
      equal(decodeStageFrame(bytes.subarray(0, cut % bytes.length)), undefined)
      const other = Uint8Array.from(bytes)
      other[cut % 8] = (other[cut % 8] ?? 0) ^ 1
      equal(decodeStageFrame(other), undefined)
    }),
  )
})
