import { equal } from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex } from '#bytes/text'
import { hmacSha256, hmacSha256Hex } from '#crypto/hmac'

const text = (words: string) => new TextEncoder().encode(words)
const bytes = (count: number, value: number) => new Uint8Array(count).fill(value)

/** RFC 4231; case 5 is of a shortened one. */
const cases: readonly (readonly [
  name: string,
  key: Uint8Array,
  message: Uint8Array,
  mac: string,
])[] = [
  [
    'case 1',
    bytes(20, 0x0b),
    text('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    'case 2: a short key',
    text('Jefe'),
    text('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    'case 3',
    bytes(20, 0xaa),
    bytes(50, 0xdd),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    'case 4',
    Uint8Array.from({ length: 25 }, (_, index) => index + 1),
    bytes(50, 0xcd),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [
    'case 6: a key longer than a block',
    bytes(131, 0xaa),
    text('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    'case 7: a key and a message longer than a block',
    bytes(131, 0xaa),
    text(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
]

for (const [name, key, message, mac] of cases)
  test(`HMAC-SHA256: RFC 4231, ${name}`, () => {
    equal(toHex(hmacSha256(key, message)), mac)
    equal(hmacSha256Hex(key, message), mac)
  })

test('HMAC-SHA256 in hex, of whatever length, one after another', () => {
  const lengths = (most: number) => fc.uint8Array({ maxLength: most, size: 'max' })
  fc.assert(
    fc.property(lengths(80), lengths(5_000), (key, message) => {
      equal(hmacSha256Hex(key, message), createHmac('sha256', key).update(message).digest('hex'))
    }),
  )
})

test('HMAC-SHA256 in hex, at the bounds of what is hashed in memory that is kept', () => {
  for (const keyBytes of [0, 63, 64, 65])
    for (const messageBytes of [0, 1, 4095, 4096, 4097]) {
      const [key, message] = [bytes(keyBytes, 1), bytes(messageBytes, 2)]
      equal(hmacSha256Hex(key, message), createHmac('sha256', key).update(message).digest('hex'))
    }
})
