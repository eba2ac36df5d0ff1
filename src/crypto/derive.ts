import { argon2, hkdfSync } from 'node:crypto'
import { promisify } from 'node:util'

/**
 * HKDF-SHA256 (RFC 5869): a key of 32 bytes for the one purpose that `info` names. `key` must be hard to
 * guess already; for what people can remember there is `deriveFromPassphrase`.
 */
export function deriveKey(
  key: Uint8Array,
  { info, salt = new Uint8Array(0) }: { readonly info: string; readonly salt?: Uint8Array },
): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, info, 32))
}

/** What one guess of a passphrase costs (RFC 9106, section 3.1: m, t, p). */
export interface PassphraseCost {
  readonly memoryKibibytes: number
  readonly passes: number
  readonly lanes: number
}

/** RFC 9106, section 4, second recommended option: 64 MiB; about a quarter of a second. */
export const passphraseCost: PassphraseCost = { memoryKibibytes: 64 * 1024, passes: 3, lanes: 4 }

/** RFC 9106, section 4: 128 bits suffice. */
export const passphraseSaltBytes = 16

/**
 * Argon2id (RFC 9106): a key of 32 bytes from a passphrase, on a thread of the pool. Passphrases that look
 * alike but are encoded in different ways (composed and decomposed letters) give the same key.
 */
export async function deriveFromPassphrase(
  passphrase: string,
  { salt, cost }: { readonly salt: Uint8Array; readonly cost: PassphraseCost },
): Promise<Uint8Array> {
  const key = await promisify(argon2)('argon2id', {
    message: passphrase.normalize('NFC'),
    nonce: salt,
    memory: cost.memoryKibibytes,
    passes: cost.passes,
    parallelism: cost.lanes,
    tagLength: 32,
  })
  return new Uint8Array(key)
}
