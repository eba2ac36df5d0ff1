import { deepEqual, equal, notDeepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '#bytes/text'
import { deriveFromPassphrase, deriveKey } from '#crypto/derive'

test('HKDF-SHA256: the first 32 bytes of RFC 5869, appendix A.3', () => {
  const key = deriveKey(new Uint8Array(22).fill(0x0b), { info: '' })
  equal(toHex(key), '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d')
})

test('HKDF-SHA256: salt and purpose give other keys', () => {
  const key = new Uint8Array(32).fill(1)
  const derived = deriveKey(key, { info: 'one' })
  notDeepEqual(derived, deriveKey(key, { info: 'two' }))
  notDeepEqual(derived, deriveKey(key, { info: 'one', salt: new Uint8Array([1]) }))
})

/** Made with the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1 -l 32 -r`. */
test('Argon2id: the vector of the reference implementation', async () => {
  const key = await deriveFromPassphrase('password', {
    salt: new TextEncoder().encode('somesalt'),
    cost: { memoryKibibytes: 256, passes: 2, lanes: 1 },
  })
  equal(toHex(key), '9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe')
})

test('Argon2id: composed and decomposed letters are the same passphrase', async () => {
  const options = { salt: new Uint8Array(16), cost: { memoryKibibytes: 64, passes: 1, lanes: 1 } }
  deepEqual(
    await deriveFromPassphrase('\u00e9t\u00e9', options),
    await deriveFromPassphrase('e\u0301te\u0301', options),
  )
})
