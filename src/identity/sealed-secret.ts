/** A secret at rest: under a data key of its own, which is wrapped under the store's generation key (E5). */
import { fromBase64url, toBase64url } from '#bytes/text'
import { aeadKeyBytes, aeadNonceBytes, open, seal } from '#crypto/aead'
import type { Keyring } from '#keyring/keyring'
import type { World } from '#world/world'

export interface SealedSecret {
  readonly generation: number
  readonly wrapped: Uint8Array
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array
}

export type SealedSecretJson = readonly [generation: number, key: string, sealed: string]

/** Each data key seals one secret, so the nonce need not vary. */
const nonce = new Uint8Array(aeadNonceBytes)

/** `owner` is bound to it: under another name it does not open. */
export function sealSecret(
  text: string,
  {
    owner,
    keyring,
    world,
  }: { readonly owner: string; readonly keyring: Keyring; readonly world: World },
): SealedSecret {
  const key = world.randomBytes(aeadKeyBytes)
  const sealed = seal(Buffer.from(text), { key, nonce, associated: Buffer.from(owner) })
  return { ...keyring.wrap(key), sealed }
}

/** `crypto/not-authentic`, `keyring/unknown-generation`, `keyring/unwrap-failed` */
export function openSecret(
  { generation, wrapped, sealed }: SealedSecret,
  { owner, keyring }: { readonly owner: string; readonly keyring: Keyring },
): string {
  const key = keyring.unwrap(generation, wrapped)
  return Buffer.from(open(sealed, { key, nonce, associated: Buffer.from(owner) })).toString()
}

/** Under the newest generation key; what is sealed stays as it is. `keyring/unknown-generation`, `keyring/unwrap-failed` */
export function rewrapSecret(
  { generation, wrapped, sealed }: SealedSecret,
  keyring: Keyring,
): SealedSecret {
  return { ...keyring.wrap(keyring.unwrap(generation, wrapped)), sealed }
}

export function sealedToJson({ generation, wrapped, sealed }: SealedSecret): SealedSecretJson {
  return [generation, toBase64url(wrapped), toBase64url(sealed)]
}

export function sealedFromJson([generation, key, sealed]: SealedSecretJson): SealedSecret {
  return { generation, wrapped: fromBase64url(key), sealed: fromBase64url(sealed) }
}
