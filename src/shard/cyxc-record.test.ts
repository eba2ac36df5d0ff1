import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex } from '#bytes/text'
import { isFault } from '#fault/fault'
import { cyxcHeader, openCyxc } from '#shard/cyxc-record'

test('a record has the header of the format page', () => {
  // BLAKE3 of "abc", from the algorithm's own test vectors.
  equal(
    toHex(cyxcHeader(Buffer.from('abc'))),
    '43595843' +
      '00000001' +
      '00000000' +
      '0000000000000003' +
      '0000000000000003' +
      '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85',
  )
})

test('a record opens to its bytes, and to nothing when any byte differs', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (bytes, at) => {
      const record = Buffer.concat([cyxcHeader(bytes), bytes])
      deepEqual(Uint8Array.from(openCyxc(record)), bytes)
      const malformed = (error: unknown): boolean => isFault(error, 'shard/malformed-record')
      const index = at % record.length
      throws(() => openCyxc(record.with(index, (record[index] ?? 0) ^ 1)), malformed)
      throws(() => openCyxc(record.subarray(0, index)), malformed)
    }),
  )
})
