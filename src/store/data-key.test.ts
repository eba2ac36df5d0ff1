/** Data keys at rest (docs/formats/recipe.md): the golden ones, and what a locked one tells without its outer key. */
import { deepEqual, equal, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import { seal } from '#crypto/aead'
import { isFault } from '#fault/fault'
import { openKeyring } from '#keyring/keyring'
import { parseMasterKey } from '#keyring/master-key'
import { isSealedBy, packedNonce, unwrapDataKey, wrapDataKey } from '#store/data-key'

function readVector(name: string) {
  return JSON.parse(
    readFileSync(new URL(`../../test/vectors/${name}.json`, import.meta.url), 'utf8'),
  )
}

const golden = readVector('encryption')
const ring = readVector('keyring')
const keyring = openKeyring(fromHex(ring.bytes), parseMasterKey(ring.master))
const dataKey = fromHex(golden.dataKey)
const outerKey = fromHex(golden.customerOuterKey)
const sealed = fromHex(golden.sealed)

test('keys are wrapped as the vectors say, and unwrapped again', () => {
  const cases = [
    [golden.wrapped, {}],
    [golden.lockedChunkKey, { outerKey }],
    [golden.lockedObjectKey, { outerKey, sealed }],
  ] as const
  for (const [vector, options] of cases) {
    const made = wrapDataKey(keyring, dataKey, options)
    deepEqual([made.generation, toHex(made.wrapped)], [golden.generation, vector])
    equal(toHex(unwrapDataKey(keyring, made, { outerKey: undefined, ...options })), golden.dataKey)
  }
})

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('a locked key opens with its outer key and no other', () => {
  fc.assert(
    fc.property(key, key, key, fc.boolean(), (data, outer, other, isPacked) => {
      fc.pre(toHex(outer) !== toHex(other))
      const options = { outerKey: outer, ...(isPacked ? { sealed } : {}) }
      const wrapped = wrapDataKey(keyring, data, options)
      equal(toHex(unwrapDataKey(keyring, wrapped, { outerKey: outer })), toHex(data))
      for (const outerKey of [other, undefined])
        throws(
          () => unwrapDataKey(keyring, wrapped, { outerKey }),
          (error) => isFault(error, 'store/locked'),
        )
    }),
  )
})

test('a packed object is told from others without its outer key', () => {
  const plaintext = fc.uint8Array({ minLength: 1, maxLength: 100 })
  fc.assert(
    fc.property(plaintext, key, fc.boolean(), fc.nat(), (bytes, data, isLocked, at) => {
      const sealed = seal(bytes, { key: data, nonce: packedNonce })
      const options = isLocked ? { outerKey, sealed } : {}
      const wrapped = wrapDataKey(keyring, data, options)
      equal(isSealedBy(keyring, wrapped, sealed), true)
      const changed = Uint8Array.from(sealed)
      const index = at % changed.length
      changed[index] = (changed[index] ?? 0) ^ 1
      equal(isSealedBy(keyring, wrapped, changed), false)
    }),
  )
})
