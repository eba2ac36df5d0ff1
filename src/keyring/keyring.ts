/** The store's keys in memory: generation keys, and what is wrapped under them. Built by `openKeyring`. */
import assert from 'node:assert/strict'
import { unwrapKey, wrapKey } from '#crypto/key-wrap'
import { keyringFault } from '#keyring/faults'
import { isAuthentic, type KeyringFile, parseKeyringFile } from '#keyring/keyring-file'

/** AES-KW (RFC 3394): 8 bytes more than what is wrapped, so 40 for a 256-bit key. */
export type WrappedKey = Uint8Array

export interface Keyring {
  /** 16 bytes, chosen at the store's birth; stands in every footer, log frame and node. */
  readonly storeId: Uint8Array
  /** The generation new data keys are wrapped under; grows by one. */
  readonly generation: number
  /** A data key, with or without what belongs to it: at least 32 bytes, and a multiple of 8. */
  wrap(dataKey: Uint8Array): { readonly generation: number; readonly wrapped: WrappedKey }
  /** `keyring/unknown-generation`, `keyring/unwrap-failed` */
  unwrap(generation: number, wrapped: WrappedKey): Uint8Array
}

/** `keyring/damaged`, `keyring/unsupported-version`, `keyring/wrong-master-key`. */
export function openKeyring(bytes: Uint8Array, master: Uint8Array): Keyring {
  const file = parseKeyringFile(bytes)
  return new OpenKeyring(file.storeId, generationKeys(file, bytes, master))
}

/** The plain generation keys by number, ascending. `keyring/wrong-master-key`. */
export function generationKeys(
  file: KeyringFile,
  bytes: Uint8Array,
  master: Uint8Array,
): ReadonlyMap<number, Uint8Array> {
  if (!isAuthentic(bytes, file, master)) throw keyringFault('keyring/wrong-master-key')
  return new Map(
    file.generations.map(({ number, wrapped }) => [number, unwrapKey(master, wrapped)]),
  )
}

class OpenKeyring implements Keyring {
  readonly storeId: Uint8Array
  readonly generation: number
  readonly #keys: ReadonlyMap<number, Uint8Array>

  constructor(storeId: Uint8Array, keys: ReadonlyMap<number, Uint8Array>) {
    this.storeId = storeId
    this.#keys = keys
    this.generation = Math.max(...keys.keys())
  }

  wrap(dataKey: Uint8Array): { generation: number; wrapped: WrappedKey } {
    assert(dataKey.length >= 32 && dataKey.length % 8 === 0)
    const { generation } = this
    return { generation, wrapped: wrapKey(this.#key(generation), dataKey) }
  }

  unwrap(generation: number, wrapped: WrappedKey): Uint8Array {
    const key = this.#key(generation)
    try {
      return unwrapKey(key, wrapped)
    } catch (cause) {
      throw keyringFault('keyring/unwrap-failed', { generation }, cause)
    }
  }

  #key(generation: number): Uint8Array {
    const key = this.#keys.get(generation)
    if (key === undefined) throw keyringFault('keyring/unknown-generation', { generation })
    return key
  }
}
