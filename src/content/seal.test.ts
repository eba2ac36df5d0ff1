import { deepEqual, equal, throws } from 'node:assert/strict'
import { createDecipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import {
  blockTagBytes,
  contentHashOf,
  isSealedBlock,
  openBlock,
  openMetadata,
  sealBlock,
  sealMetadata,
  shorten,
} from '#content/seal'
import { Blake3 } from '#crypto/blake3'

const vector: Readonly<Record<string, string>> & {
  readonly hashes: Readonly<Record<string, string>>
} = JSON.parse(
  readFileSync(new URL('../../test/vectors/cdn-end-to-end.json', import.meta.url), 'utf8'),
)
const bytesOf = (name: string): Uint8Array => fromHex(vector[name] ?? '')

test('hashes are the first 16 bytes of BLAKE3', () => {
  for (const [text, hash] of Object.entries(vector.hashes)) {
    equal(toHex(contentHashOf(Buffer.from(text))), hash)
    equal(toHex(shorten(new Blake3().update(Buffer.from(text)).digest())), hash)
  }
})

test('a block is sealed as the vector says, and opened', () => {
  const plaintext = bytesOf('plaintext')
  const key = contentHashOf(plaintext)
  equal(toHex(key), vector['contentHash'])
  const block = roomFor(plaintext)
  const nonce = bytesOf('blockNonce')
  const encryptedHash = sealBlock(block, { key, nonce })
  equal(toHex(block), vector['sealed'])
  equal(toHex(encryptedHash), vector['encryptedHash'])
  deepEqual(openBlock(block, { contentHash: key, encryptedHash, nonce }), plaintext)
})

test('metadata is sealed as the vector says, and opened', () => {
  const metadata = bytesOf('metadata')
  const { blob, hash, key } = sealMetadata(metadata, bytesOf('metadataNonce'))
  equal(toHex(key), vector['key'])
  equal(toHex(blob), vector['blob'])
  equal(toHex(hash), vector['hash'])
  deepEqual(openMetadata(blob, { hash, key }), metadata)
})

test('whoever guesses a block with the usual key can confirm it from its first shard; a random key prevents that', () => {
  // docs/formats/cdn-meta.md, "Threats": without the nonce, from the first 16 bytes of ciphertext
  const plaintext = bytesOf('plaintext')
  const guess = (sealed: Uint8Array): string => {
    const counter = plaintext.slice(0, 16).map((byte, at) => byte ^ (sealed[at] ?? 0))
    return decryptBlock(contentHashOf(plaintext), counter)
  }
  equal(guess(bytesOf('sealed')), vector['guessKeystream'])
  const block = roomFor(plaintext)
  sealBlock(block, { key: new Uint8Array(16).fill(7), nonce: bytesOf('blockNonce') })
  equal(guess(block).endsWith('00000002'), false)
})

test('whatever was changed is not opened, and says what is wrong', () => {
  const { blob, hash, key } = sealMetadata(Buffer.from('metadata'), new Uint8Array(12))
  const other = Uint8Array.from(key, (byte) => byte ^ 1)
  throws(() => openMetadata(blob, { hash: other, key }), { code: 'content/hash-differs' })
  throws(() => openMetadata(blob, { hash, key: other }), { code: 'content/not-authentic' })
  const short = new Uint8Array(27)
  const ofShort = { hash: contentHashOf(short), key }
  throws(() => openMetadata(short, ofShort), { code: 'content/not-authentic' })
  deepEqual(openMetadata(short, { ...ofShort, key: undefined }), short)
})

test('blocks of any length, and any bit of them', () =>
  fc.assert(
    fc.property(
      fc.record({
        plaintext: fc.uint8Array({ minLength: 1, maxLength: 300 }),
        key: fc.uint8Array({ minLength: 16, maxLength: 16 }),
        nonce: fc.uint8Array({ minLength: 12, maxLength: 12 }),
        at: fc.nat(),
        bit: fc.nat({ max: 7 }),
      }),
      ({ plaintext, key, nonce, at, bit }) => {
        const sealed = roomFor(plaintext)
        const block = { contentHash: key, nonce, encryptedHash: sealBlock(sealed, { key, nonce }) }
        const changed = Uint8Array.from(sealed)
        changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ (1 << bit)
        equal(isSealedBlock(changed, block), false)
        throws(() => openBlock(changed, block), { code: 'content/hash-differs' })
        const forged = { ...block, encryptedHash: contentHashOf(changed) }
        throws(() => openBlock(changed, forged), { code: 'content/not-authentic' })
        deepEqual(openBlock(sealed, block), plaintext)
      },
    ),
  ))

function roomFor(plaintext: Uint8Array): Uint8Array {
  const block = new Uint8Array(plaintext.length + blockTagBytes)
  block.set(plaintext)
  return block
}

/** One block of AES-128, backwards. */
function decryptBlock(key: Uint8Array, block: Uint8Array): string {
  const decipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false)
  return decipher.update(block, undefined, 'hex')
}
