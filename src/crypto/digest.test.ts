import { deepEqual, equal, throws } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CrcAlgorithm, combineCrc, type DigestAlgorithm, openDigest } from '#crypto/digest'

const crcs: readonly CrcAlgorithm[] = ['crc32', 'crc32c', 'crc64nvme']
const algorithms: readonly DigestAlgorithm[] = ['md5', 'sha1', 'sha256', ...crcs]
const xxHashes = ['xxhash64', 'xxhash3', 'xxhash128'] as const

function digestOf(algorithm: DigestAlgorithm, ...pieces: readonly Uint8Array[]): Uint8Array {
  const digest = openDigest(algorithm)
  for (const piece of pieces) digest.update(piece)
  return digest.digest()
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('the check values of the CRC catalogue and RFC 3720', () => {
  const digits = Buffer.from('123456789')
  equal(hex(digestOf('crc32', digits)), 'cbf43926')
  equal(hex(digestOf('crc32c', digits)), 'e3069283')
  equal(hex(digestOf('crc64nvme', digits)), 'ae8b14860a799888')
  equal(hex(digestOf('crc32c', new Uint8Array(32))), '8a9136aa')
  equal(hex(digestOf('crc32c', new Uint8Array(32).fill(0xff))), '62a8ab43')
  equal(
    hex(
      digestOf(
        'crc32c',
        Uint8Array.from({ length: 32 }, (_, i) => i),
      ),
    ),
    '46dd794e',
  )
  equal(hex(digestOf('crc64nvme', new Uint8Array(4096))), '6482d367eb22b64e')
  equal(hex(digestOf('crc64nvme', new Uint8Array(4096).fill(0xff))), 'c0ddba7302eca3ac')
})

const { rows } = JSON.parse(
  readFileSync(new URL('../../test/vectors/xxhash.json', import.meta.url), 'utf8'),
) as { readonly rows: readonly (readonly [number, string, string, string])[] }

function inputOf(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => i * 131 + (i >> 8) * 7)
}

for (const [index, algorithm] of xxHashes.entries())
  test(`the vectors of ${algorithm}, for every way it treats lengths`, () => {
    for (const row of rows)
      equal(hex(digestOf(algorithm, inputOf(row[0]))), row[index + 1], `${row[0]} bytes`)
  })

for (const algorithm of [...xxHashes, 'sha512'] as const)
  test(`${algorithm} is the same however the bytes come, and whatever is computed meanwhile`, () =>
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 1_500 }), { maxLength: 12 }),
        fc.nat({ max: 70_000 }),
        (lengths, more) => {
          const whole = inputOf([...lengths, more].reduce((sum, length) => sum + length, 0))
          const [digest, other] = [openDigest(algorithm), openDigest(algorithm)]
          let at = 0
          for (const length of [...lengths, more]) {
            digest.update(whole.subarray(at, at + length))
            other.update(whole)
            at += length
          }
          deepEqual(digest.digest(), digestOf(algorithm, whole))
        },
      ),
      { numRuns: 60 },
    ))

test('digests of nothing', () => {
  deepEqual(
    algorithms.map((algorithm) => hex(digestOf(algorithm))),
    [
      'd41d8cd98f00b204e9800998ecf8427e',
      'da39a3ee5e6b4b0d3255bfef95601890afd80709',
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '00000000',
      '00000000',
      '0000000000000000',
    ],
  )
})

/** One bit after the other: the definition. */
function crcSlowly(algorithm: CrcAlgorithm, bytes: Uint8Array): string {
  const polynomial = { crc32: 0xedb88320n, crc32c: 0x82f63b78n, crc64nvme: 0x9a6c9329ac4bc9b5n }
  const width = algorithm === 'crc64nvme' ? 64 : 32
  const ones = (1n << BigInt(width)) - 1n
  let crc = ones
  for (const byte of bytes) {
    crc ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 1n ? (crc >> 1n) ^ polynomial[algorithm] : crc >> 1n
    }
  }
  return (crc ^ ones).toString(16).padStart(width / 4, '0')
}

test('CRCs are what the definition gives, whatever the length', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const algorithm of crcs) {
        equal(hex(digestOf(algorithm, bytes)), crcSlowly(algorithm, bytes))
      }
    }),
  ))

test('how the bytes are cut changes nothing, nor does shared memory', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40_000 }),
      fc.array(fc.nat({ max: 40_000 }), { maxLength: 4 }),
      (length, cuts) => {
        const shared = new Uint8Array(new SharedArrayBuffer(length + 3), 3)
        for (let i = 0; i < length; i += 1) shared[i] = (i * i) >>> 5
        const places = [0, ...cuts.filter((cut) => cut < length).sort((a, b) => a - b), length]
        const pieces = places.slice(1).map((end, i) => shared.subarray(places[i], end))
        const plain = Uint8Array.from(shared)
        for (const algorithm of algorithms) {
          deepEqual(hex(digestOf(algorithm, ...pieces)), hex(digestOf(algorithm, plain)))
        }
        equal(hex(digestOf('md5', ...pieces)), createHash('md5').update(plain).digest('hex'))
      },
    ),
    { numRuns: 40 },
  ))

test('digests that are computed side by side do not mix', () => {
  const [one, other] = [openDigest('crc32c'), openDigest('crc32c')]
  one.update(Buffer.from('12345'))
  other.update(Buffer.from('xyz'))
  one.update(Buffer.from('6789'))
  equal(hex(one.digest()), 'e3069283')
  equal(hex(other.digest()), crcSlowly('crc32c', Buffer.from('xyz')))
})

test('CRCs of two halves combine to the CRC of the whole', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.uint8Array({ maxLength: 5000 }), (a, b) => {
      for (const algorithm of crcs) {
        const combined = combineCrc(
          algorithm,
          digestOf(algorithm, a),
          digestOf(algorithm, b),
          b.length,
        )
        equal(hex(combined), hex(digestOf(algorithm, a, b)))
      }
    }),
    { numRuns: 50 },
  ))

test('parts of 5 TiB combine in whatever order they are joined', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((text) => digestOf('crc64nvme', Buffer.from(text)))
  if (a === undefined || b === undefined || c === undefined) throw new Error('three parts')
  const [bytesB, bytesC] = [5 * 2 ** 40 - 7, 3 * 2 ** 40 + 1]
  const fromLeft = combineCrc('crc64nvme', combineCrc('crc64nvme', a, b, bytesB), c, bytesC)
  const fromRight = combineCrc(
    'crc64nvme',
    a,
    combineCrc('crc64nvme', b, c, bytesC),
    bytesB + bytesC,
  )
  equal(hex(fromLeft), hex(fromRight))
})

test('checksums of another width are a programming error', () => {
  throws(() => combineCrc('crc64nvme', new Uint8Array(4), new Uint8Array(4), 1))
  throws(() => combineCrc('crc32', new Uint8Array(4), new Uint8Array(4), -1))
})
