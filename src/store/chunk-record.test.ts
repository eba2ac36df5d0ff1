import { deepEqual, equal } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import {
  chunkFromJson,
  chunkToJson,
  type Extent,
  packPlaces,
  recipeOf,
  sliceExtents,
  unpackPlaces,
} from '#store/chunk-record'

const vector = JSON.parse(
  readFileSync(new URL('../../test/vectors/recipe.json', import.meta.url), 'utf8'),
)

test('a chunk record reads and prints as the vector says, as JSON and as a row', () => {
  const record = chunkFromJson(vector.chunk)
  equal(toHex(record.id), vector.meaning.id)
  equal(toHex(record.wrappedKey), vector.meaning.wrappedKey)
  deepEqual(
    record.shards.map(({ node, id }) => [node ?? null, id]),
    vector.meaning.shards,
  )
  deepEqual(chunkToJson(record), vector.chunk)
  equal(toHex(packPlaces(record.shards)), vector.places)
  deepEqual(unpackPlaces(fromHex(vector.places), record.shape), record.shards)
})

test('a slice of a recipe is exactly those bytes', () => {
  const recipes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(recipes, fc.nat(100), fc.nat(100), (lengths, a, b) => {
      const extents: Extent[] = lengths.map((bytes, i) => ({
        chunkId: Uint8Array.of(i),
        offset: i * 3,
        bytes,
      }))
      const spell = (list: readonly Extent[]): readonly string[] =>
        list.flatMap(({ chunkId, offset, bytes }) =>
          Array.from({ length: bytes }, (_, i) => `${chunkId[0]}:${offset + i}`),
        )
      const whole = spell(extents)
      const first = Math.min(a, b, whole.length)
      const end = Math.min(Math.max(a, b), whole.length)
      const recipe = recipeOf(sliceExtents(extents, { first, end }))
      deepEqual(recipe && spell(recipe), whole.slice(first, end))
    }),
  )
})
