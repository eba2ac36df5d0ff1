/**
 * Data keys at rest (docs/formats/recipe.md). Each is wrapped under a generation key of the store. One that is *locked* is wrapped under an
 * outer key before that, which the store is given with each request and never keeps: without it, what the data key seals stays sealed. Of a
 * locked object in a pack the store keeps a digest of the sealed bytes beside the key, so that it can tell them from others all the same.
 */
import { strict as assert } from 'node:assert'
import { aeadNonceBytes, tryOpen } from '#crypto/aead'
import { blake3 } from '#crypto/blake3'
import { unwrapKey, wrapKey } from '#crypto/key-wrap'
import { isFault } from '#fault/fault'
import type { Keyring } from '#keyring/keyring'
import type { WrappedDataKey } from '#store/chunk-record'
import { storeFault } from '#store/faults'

/** Every packed object has a key of its own, which seals nothing else. */
export const packedNonce = new Uint8Array(aeadNonceBytes)

const plainBytes = 32
/** A key of 32 bytes under the outer key (RFC 3394). */
const lockedBytes = 40
const digestBytes = 16
/** A wrapped key of so many bytes is plain; a locked one is longer. */
export const plainWrappedBytes = 40

export interface LockOptions {
  /** 32 bytes; the key is not locked when left out. */
  readonly outerKey?: Uint8Array | undefined
  /** The one object that the key seals, in a pack. */
  readonly sealed?: Uint8Array
}

export function wrapDataKey(
  keyring: Keyring,
  dataKey: Uint8Array,
  { outerKey, sealed }: LockOptions,
): WrappedDataKey {
  assert(dataKey.length === plainBytes)
  if (outerKey === undefined) return keyring.wrap(dataKey)
  const locked = wrapKey(outerKey, dataKey)
  return keyring.wrap(sealed === undefined ? locked : Buffer.concat([locked, digestOf(sealed)]))
}

/** `store/locked` when it is locked and `outerKey` is missing or another one; `keyring/unknown-generation`, `keyring/unwrap-failed` */
export function unwrapDataKey(
  keyring: Keyring,
  { generation, wrapped }: WrappedDataKey,
  { outerKey }: Pick<LockOptions, 'outerKey'>,
): Uint8Array {
  const key = keyring.unwrap(generation, wrapped)
  if (key.length === plainBytes) return key
  if (outerKey === undefined) throw storeFault('store/locked')
  try {
    return unwrapKey(outerKey, key.subarray(0, lockedBytes))
  } catch (cause) {
    if (!isFault(cause, 'crypto/unwrap-failed')) throw cause
    throw storeFault('store/locked', {}, cause)
  }
}

/** Whether these are the bytes of the packed object that has this key: by its tag, or where that is locked by their digest. */
export function isSealedBy(
  keyring: Keyring,
  { generation, wrapped }: WrappedDataKey,
  sealed: Uint8Array,
): boolean {
  const key = keyring.unwrap(generation, wrapped)
  if (key.length === plainBytes) return tryOpen(sealed, { key, nonce: packedNonce }) !== undefined
  assert(key.length === lockedBytes + digestBytes)
  return Buffer.compare(key.subarray(lockedBytes), digestOf(sealed)) === 0
}

function digestOf(sealed: Uint8Array): Uint8Array {
  return blake3(sealed).subarray(0, digestBytes)
}
