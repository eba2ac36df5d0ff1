import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  bodyBytes,
  columnsOf,
  geometryFor,
  pageBytes,
  plainBytesPerBlock,
  slotBytesDefault,
  stripePlainBytes,
  stripesOf,
  stripesPerChunk,
  stripesTouched,
} from '#chunk/geometry'

const profiles = fc
  .record({ data: fc.integer({ min: 1, max: 200 }), parity: fc.integer({ min: 0, max: 56 }) })
  .filter(({ data, parity }) => data + parity <= 256)

test('a stripe of any profile fits a slot, in whole pages', () =>
  fc.assert(
    fc.property(profiles, (profile) => {
      const { blockBytes } = geometryFor(profile)
      equal(blockBytes % pageBytes, 0)
      ok(blockBytes * columnsOf(profile) <= slotBytesDefault)
    }),
  ))

test('an object of the nominal chunk size is one chunk', () => {
  const geometry = geometryFor({ data: 10, parity: 4 })
  const stripes = stripesPerChunk(geometry, 64 * 1024 * 1024)
  equal(stripes, 26)
  ok(stripes * stripePlainBytes(geometry) >= 64 * 1024 * 1024)
})

test('the runs of a range are exactly its bytes, in order, inside their blocks', () =>
  fc.assert(
    fc.property(
      profiles.chain((profile) => {
        const geometry = { profile, blockBytes: pageBytes }
        const most = 4 * stripePlainBytes(geometry)
        return fc.record({
          geometry: fc.constant(geometry),
          bytes: fc.integer({ min: 1, max: most }),
          cuts: fc.tuple(
            fc.double({ min: 0, max: 0.999, noNaN: true }),
            fc.double({ min: 0, max: 0.999, noNaN: true }),
          ),
        })
      }),
      ({ geometry, bytes, cuts }) => {
        const shape = { ...geometry, bytes }
        const [a, b] = cuts.map((cut) => Math.floor(cut * bytes)).sort((x, y) => x - y)
        const first = a ?? 0
        const end = (b ?? 0) + 1
        let at = first
        for (const { stripe, runs } of stripesTouched(shape, { first, end })) {
          const perBlock = plainBytesPerBlock(shape, stripe)
          for (const { column, start, bytes: length } of runs) {
            ok(column < geometry.profile.data && start + length <= perBlock && length > 0)
            const logical = stripe * stripePlainBytes(shape) + column * perBlock + start
            equal(logical, at)
            at += length
          }
        }
        equal(at, end)
        ok(bodyBytes(shape) <= stripesOf(shape) * shape.blockBytes)
      },
    ),
  ))

test('a byte at the start of a chunk is one run of one block', () => {
  const shape = { ...geometryFor({ data: 10, parity: 4 }), bytes: 3_000 }
  deepEqual(
    [...stripesTouched(shape, { first: 299, end: 301 })],
    [
      {
        stripe: 0,
        runs: [
          { column: 0, start: 299, bytes: 1 },
          { column: 1, start: 0, bytes: 1 },
        ],
      },
    ],
  )
})
