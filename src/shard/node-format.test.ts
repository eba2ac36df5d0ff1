/** The bytes of docs/formats/node.md. */
import { deepEqual, equal, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#fault/fault'
import {
  encodeFrame,
  filledBytes,
  frameBytes,
  isWholeFrame,
  payloadOf,
  peekFrame,
} from '#shard/log-frame'
import { parseNodeMetadata, printNodeMetadata } from '#shard/node-metadata'

interface FrameVector {
  readonly first: string
  readonly last: string
  readonly page: number
  readonly payload: string
  /** Header and payload; the padding is left out. */
  readonly filled: string
  readonly bytes: number
}

const vectors: {
  readonly frames: readonly FrameVector[]
  readonly metadata: string
} = JSON.parse(readFileSync(new URL('../../test/vectors/node.json', import.meta.url), 'utf8'))

test('frames are as the vectors say', () => {
  equal(vectors.frames.length, 4)
  for (const { first, last, page, payload, filled, bytes } of vectors.frames) {
    const frame = encodeFrame(Uint8Array.fromHex(payload), {
      first: BigInt(first),
      last: BigInt(last),
      page,
    })
    equal(frame.subarray(0, filled.length / 2).toHex(), filled)
    equal(frame.length, bytes)
  }
})

test('metadata of another engine are of a format that older programs refuse', () => {
  const text =
    '{"format":2,"storeId":"ab","nodeId":"node-01","incarnation":"cd","createdAt":"2026-01-01T00:00:00.000Z","engine":"lmdb"}\n'
  equal(parseNodeMetadata(text).engine, 'lmdb')
  equal(printNodeMetadata(parseNodeMetadata(text)), text)
  equal(parseNodeMetadata(vectors.metadata).engine, 'files')
})

test('metadata.json is as the vector says', () => {
  const metadata = {
    storeId: '000102030405060708090a0b0c0d0e0f',
    nodeId: 'node-01',
    incarnation: '101112131415161718191a1b1c1d1e1f',
    createdAt: '2026-01-01T00:00:00.000Z',
    engine: 'files' as const,
  }
  equal(printNodeMetadata(metadata), vectors.metadata)
  deepEqual(parseNodeMetadata(vectors.metadata), metadata)
  throws(
    () => parseNodeMetadata(vectors.metadata.replace('"format":1', '"format":2')),
    (error) => isFault(error, 'shard/malformed-metadata'),
  )
})

const anyFrame = fc
  .record({
    payload: fc.uint8Array({ maxLength: 9000 }),
    first: fc.bigInt({ min: 1n, max: 2n ** 40n }),
    more: fc.bigInt({ min: 0n, max: 1000n }),
    page: fc.nat(2 ** 31),
  })
  .map(({ payload, first, more, page }) => ({ payload, first, last: first + more, page }))

test('what was encoded is found again', () => {
  fc.assert(
    fc.property(anyFrame, ({ payload, ...place }) => {
      const frame = encodeFrame(payload, place)
      equal(frame.length, frameBytes(payload.length))
      equal(frame.length % 4096, 0)
      const header = peekFrame(frame)
      deepEqual(header, { ...place, payloadBytes: payload.length })
      const filled = frame.subarray(0, header && filledBytes(header))
      equal(isWholeFrame(filled), true)
      equal(Buffer.compare(payloadOf(filled), payload), 0)
    }),
  )
})

test('no single flipped bit goes unnoticed', () => {
  fc.assert(
    fc.property(anyFrame, fc.nat(), fc.nat(7), ({ payload, ...place }, where, bit) => {
      const frame = encodeFrame(payload, place)
      const filled = frame.subarray(0, 48 + payload.length)
      const at = where % filled.length
      filled[at] = (filled[at] ?? 0) ^ (1 << bit)
      const header = peekFrame(frame)
      const isFound = header?.payloadBytes === payload.length && isWholeFrame(filled)
      equal(isFound, false)
    }),
    { numRuns: 500 },
  )
})

test('noise is no frame', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4096, maxLength: 4096 }), (page) => {
      page.set([0x4d, 0x59, 0x4c, 0x46, 0, 1, 0, 0])
      const header = peekFrame(page)
      const fits = header !== undefined && filledBytes(header) <= page.length
      equal(fits && isWholeFrame(page.subarray(0, filledBytes(header))), false)
    }),
  )
})
