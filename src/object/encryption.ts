/**
 * Under whose key a version rests, beside the store's own: nobody's, that of its writer, or one with a name. A writer's key is never kept:
 * of it there is a salted check, which tells the right key from others and gives nothing to find it by.
 */
import { strict as assert } from 'node:assert'
import { fromBase64url, toBase64url, toHex } from '#bytes/text'
import { deriveKey } from '#crypto/derive'
import { hmacSha256, isSameSecret } from '#crypto/hmac'
import type { ObjectParts } from '#object/_parts'
import { objectFault } from '#object/faults'
import type { Encryption, EncryptionWish } from '#object/model'
import type { Queryable } from '#sql/sql'

export const customerKeyBytes = 32
const saltBytes = 16

/** What a version is written under, and with what. */
export interface Protection {
  readonly encryption?: Encryption
  /** What its data keys are locked with, when they are. Never kept. */
  readonly outerKey?: Uint8Array
}

/** What a wish comes to now. The faults of `KeyService.current` */
export async function protect(
  parts: Pick<ObjectParts, 'keys' | 'world'>,
  tx: Queryable,
  wish: EncryptionWish | undefined,
): Promise<Protection> {
  if (wish === undefined) return {}
  switch (wish.kind) {
    case 'AES256':
      return { encryption: wish }
    case 'aws:kms': {
      const { keyId, ...rest } = wish
      const { id, version } = await parts.keys.current(tx, keyId)
      const encryption: Encryption = { ...rest, keyId: id, version }
      return { encryption, outerKey: await namedOuterKey(parts, tx, encryption) }
    }
    case 'customer':
      return protectByCustomer(wish.key, parts.world.randomBytes(saltBytes))
  }
}

function protectByCustomer(key: Uint8Array, salt: Uint8Array): Protection {
  assert(key.length === customerKeyBytes)
  const encryption: Encryption = {
    kind: 'customer',
    salt: toBase64url(salt),
    check: toBase64url(checkOf(key, salt)),
  }
  return { encryption, outerKey: customerOuterKey(key) }
}

/**
 * What the data keys of a version are locked with. `object/customer-key-needed`, `object/customer-key-wrong`, `object/customer-key-unwanted`,
 * and the faults of `KeyService.derive`.
 */
export async function outerKeyOf(
  parts: Pick<ObjectParts, 'keys'>,
  tx: Queryable,
  { encryption, customerKey }: Locked,
): Promise<Uint8Array | undefined> {
  assertCustomerKey({ encryption, customerKey })
  if (encryption?.kind === 'aws:kms') return await namedOuterKey(parts, tx, encryption)
  return customerKey && customerOuterKey(customerKey)
}

interface Locked {
  readonly encryption?: Encryption | undefined
  readonly customerKey: Uint8Array | undefined
}

/** Whether who asks has shown the key that is needed, and none that is not. The faults of `outerKeyOf` that speak of a customer's key. */
export function assertCustomerKey({ encryption, customerKey }: Locked): void {
  if (encryption?.kind !== 'customer') {
    if (customerKey !== undefined) throw objectFault('object/customer-key-unwanted')
    return
  }
  if (customerKey === undefined) throw objectFault('object/customer-key-needed')
  const check = checkOf(customerKey, fromBase64url(encryption.salt))
  if (!isSameSecret(check, fromBase64url(encryption.check)))
    throw objectFault('object/customer-key-wrong')
}

/** True when what is locked with the one opens with the other, so that recipes may be shared. */
export function isSameOuterKey(
  one: Uint8Array | undefined,
  other: Uint8Array | undefined,
): boolean {
  return one === undefined || other === undefined ? one === other : isSameSecret(one, other)
}

/** The MD5 of a plaintext that nobody without the key shall learn anything of: another 16 bytes for each key, the same for the same. */
export function etagUnder(outerKey: Uint8Array | undefined, md5: Uint8Array): string {
  if (outerKey === undefined) return toHex(md5)
  const key = deriveKey(outerKey, { info: 'mycelium etag 1' })
  return toHex(hmacSha256(key, md5).subarray(0, md5.length))
}

/** The same for every object of one customer's key, so that its copies share their chunks. */
function customerOuterKey(key: Uint8Array): Uint8Array {
  return deriveKey(key, { info: 'mycelium customer key 1 outer key' })
}

function checkOf(key: Uint8Array, salt: Uint8Array): Uint8Array {
  return deriveKey(key, { salt, info: 'mycelium customer key 1 check' })
}

async function namedOuterKey(
  { keys }: Pick<ObjectParts, 'keys'>,
  tx: Queryable,
  { keyId, version, context = {} }: Extract<Encryption, { kind: 'aws:kms' }>,
): Promise<Uint8Array> {
  return await keys.derive(tx, { id: keyId, version }, printContext(context))
}

/** One text for each context, whatever the order of its names. */
function printContext(context: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1)))
}
