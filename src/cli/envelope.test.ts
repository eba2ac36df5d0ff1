import { deepEqual, equal, rejects } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import type { Secret } from '#cli/context'
import {
  envelopeHeadBytes,
  newEnvelope,
  openEnvelope,
  plainLength,
  sealedLength,
} from '#cli/envelope'
import { behindHead, openStream, sealStream } from '#cli/envelope-stream'

interface Vector {
  readonly passphrase?: string
  readonly keyFile?: string
  readonly salt: string
  readonly dataKey: string
  readonly plain: string
  readonly object: string
}
const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL('../../test/vectors/client-encryption.json', import.meta.url), 'utf8'),
)

function secretOf({ passphrase, keyFile }: Vector): Secret {
  return keyFile === undefined
    ? { kind: 'passphrase', text: passphrase ?? '' }
    : { kind: 'key-file', key: fromHex(keyFile) }
}

async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    yield bytes.subarray(offset, offset + pieceBytes)
  }
}

async function seal(
  secret: Secret,
  plain: Uint8Array,
  drawn: readonly Uint8Array[],
): Promise<Buffer> {
  const draws = drawn.values()
  const sealing = await newEnvelope(secret, () => draws.next().value ?? new Uint8Array(0))
  return Buffer.concat(await Array.fromAsync(sealStream(inPieces(plain, 1000), sealing)))
}

async function open(secret: Secret, object: Uint8Array): Promise<Buffer> {
  const dataKey = await openEnvelope(object.slice(0, envelopeHeadBytes), secret)
  const pieces = openStream(behindHead(inPieces(object, 777)), dataKey)
  return Buffer.concat(await Array.fromAsync(pieces))
}

test('objects are as the vectors say, and open again', async () => {
  equal(vectors.length, 3)
  for (const vector of vectors) {
    const secret = secretOf(vector)
    const drawn = [fromHex(vector.salt), fromHex(vector.dataKey)]
    const object = await seal(secret, fromHex(vector.plain), drawn)
    equal(toHex(object), vector.object)
    equal(toHex(await open(secret, object)), vector.plain)
  }
})

const secret: Secret = { kind: 'key-file', key: new Uint8Array(32).fill(7) }
const drawn = [new Uint8Array(16).fill(1), new Uint8Array(32).fill(2)]

test('every length comes back, and is what its object says', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 200_000 }), async (bytes) => {
      const plain = Buffer.alloc(bytes, 'plain')
      const object = await seal(secret, plain, drawn)
      equal(object.length, sealedLength(bytes))
      equal(plainLength(object.length), bytes)
      deepEqual(await open(secret, object), plain)
    }),
    { numRuns: 30 },
  ))

test('an object that is cut anywhere, or lengthened, does not open', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 150_000 }), fc.boolean(), async (cut, isLonger) => {
      const object = await seal(secret, Buffer.alloc(140_000, 'plain'), drawn)
      const other = isLonger
        ? Buffer.concat([object, Buffer.alloc(cut + 1)])
        : object.subarray(0, cut % object.length)
      await rejects(open(secret, other), /cli\/damaged-envelope/)
    }),
    { numRuns: 30 },
  ))

test('every bit of the head matters', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: envelopeHeadBytes * 8 - 1 }), async (bit) => {
      const object = await seal(secret, Buffer.from('plain'), drawn)
      object.writeUInt8(object.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      await rejects(open(secret, object), /cli\/\w+-(envelope|secret)/)
    }),
    { numRuns: 100 },
  ))
