import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compress, decompress } from '#crypto/compress'
import { isFault } from '#fault/fault'

test('what is compressed is shorter and comes back; what would not be shorter is left', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(50), (piece, times) => {
      const bytes = Buffer.concat(Array.from({ length: times }, () => piece))
      const compressed = compress(bytes)
      if (compressed === undefined) return
      ok(compressed.length < bytes.length)
      deepEqual(Buffer.from(decompress(compressed, bytes.length)), bytes)
    }),
  )
  ok(compress(Buffer.alloc(1_000)) !== undefined)
  equal(compress(new Uint8Array()), undefined)
})

test('anything else is refused, and so is more than was asked for', () => {
  const refused = (error: unknown): boolean => isFault(error, 'crypto/not-compressed')
  throws(() => decompress(Buffer.from('no frame'), 100), refused)
  const compressed = compress(Buffer.alloc(1_000)) ?? Buffer.of()
  throws(() => decompress(compressed, 999), refused)
  throws(() => decompress(compressed.subarray(0, -1), 1_000), refused)
})
