import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { aeadKeyBytes, aeadNonceBytes, openInPlace, seal, sealInPlace, tryOpen } from '#crypto/aead'

const key = Uint8Array.from({ length: aeadKeyBytes }, (_, index) => index)
const nonce = new Uint8Array(aeadNonceBytes)
/** Around the pieces that ciphers are fed with, in memory that is shared and begins anywhere. */
const lengths = [0, 1, 65_535, 65_536, 65_537, 262_128]

for (const length of lengths)
  test(`${length} bytes sealed where they lie are those sealed elsewhere, and open where they lie`, () => {
    const text = Uint8Array.from({ length }, (_, index) => index * 31)
    const sealed = seal(text, { key, nonce })
    const block = new Uint8Array(new SharedArrayBuffer(length + 16 + 5)).subarray(5)
    block.set(text)
    sealInPlace(block, { key, nonce })
    deepEqual(Uint8Array.from(block), sealed)
    deepEqual(Uint8Array.from(tryOpen(block, { key, nonce }) ?? []), text)
    equal(openInPlace(block, { key, nonce }), true)
    deepEqual(Uint8Array.from(block.subarray(0, length)), text)
  })

test('a block with one bit changed, anywhere, does not open', () => {
  const associated = Uint8Array.from([1, 2, 3])
  const sealed = seal(new Uint8Array(70_000), { key, nonce, associated })
  for (const at of [0, 65_535, 65_536, 69_999, 70_000, 70_015]) {
    const block = Uint8Array.from(sealed)
    block[at] = (block[at] ?? 0) ^ 4
    equal(tryOpen(block, { key, nonce, associated }), undefined)
    equal(openInPlace(block, { key, nonce, associated }), false)
  }
  equal(openInPlace(Uint8Array.from(sealed), { key, nonce }), false) // without what was associated
  equal(openInPlace(new Uint8Array(15), { key, nonce }), false)
})
