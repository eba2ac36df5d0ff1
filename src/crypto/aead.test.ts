import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toHex } from '#bytes/text'
import {
  aeadKeyBytes,
  aeadNonceBytes,
  open,
  openInPlace,
  seal,
  sealInPlace,
  tryOpen,
} from '#crypto/aead'

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

/** The GCM specification (McGrew and Viega), test cases 3 and 4. */
test('AES-128 where it is asked for: the published vectors', () => {
  const text =
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255'
  const options = {
    cipher: 'aes-128-gcm',
    key: fromHex('feffe9928665731c6d6a8f9467308308'),
    nonce: fromHex('cafebabefacedbaddecaf888'),
  } as const
  const ciphertext =
    '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985'
  equal(toHex(seal(fromHex(text), options)), `${ciphertext}4d5c2af327cd64a62cf35abd2ba6fab4`)
  const associated = fromHex('feedfacedeadbeeffeedfacedeadbeefabaddad2')
  const short = seal(fromHex(text.slice(0, 120)), { ...options, associated })
  equal(toHex(short), `${ciphertext.slice(0, 120)}5bc94fbc3221a5db94fae95ae7121a47`)
  deepEqual(open(short, { ...options, associated }), Buffer.from(text.slice(0, 120), 'hex'))
})

test('a short key does not choose the weaker cipher, nor a long one the stronger', () => {
  throws(() => seal(new Uint8Array(1), { key: new Uint8Array(16), nonce }))
  throws(() => seal(new Uint8Array(1), { cipher: 'aes-128-gcm', key, nonce }))
})
