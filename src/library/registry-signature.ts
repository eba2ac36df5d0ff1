/** The registry's word that this version has these bytes. Specified in docs/formats/library-archive.md. */
import { toHex } from '#bytes/text'
import { digestOf } from '#crypto/digest'
import { ed25519PublicKey, ed25519Sign, isEd25519Signature } from '#crypto/ed25519'
import { formatLibraryRef, type LibraryRef } from '#library/name'
import { formatDigest } from '#library/tree-digest'
import type { Version } from '#library/version'

export interface SignedSubject extends LibraryRef {
  readonly version: Version
  /** SHA-256 of the archive. */
  readonly digest: Uint8Array
}

export interface RegistrySignature {
  /** 16 hexadecimal digits. */
  readonly keyId: string
  /** Ed25519: 64 bytes. */
  readonly signature: Uint8Array
}

export interface RegistryKey {
  readonly keyId: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** `retired`: signs no more, what it signed stands. `revoked`: nothing that it signed stands. */
  readonly state: 'active' | 'retired' | 'revoked'
}

const domain = 'mdlibs-signature-v1'
const keyIdBytes = 8

/** Of a public key. */
export function registryKeyId(publicKey: Uint8Array): string {
  return toHex(digestOf(publicKey, 'sha256').subarray(0, keyIdBytes))
}

/** What is signed. None of its parts can hold a line end. */
export function signatureMessage({ version, digest, ...library }: SignedSubject): Uint8Array {
  const lines = [domain, formatLibraryRef(library), version, formatDigest(digest)]
  return Buffer.from(`${lines.join('\n')}\n`)
}

/** With the 32 bytes of a private key. */
export function signSubject(seed: Uint8Array, subject: SignedSubject): RegistrySignature {
  return {
    keyId: registryKeyId(ed25519PublicKey(seed)),
    signature: ed25519Sign(seed, signatureMessage(subject)),
  }
}

/** By one of these keys that is not revoked. A key counts under its own id, whatever it is listed as. */
export function isSignedBy(
  keys: readonly RegistryKey[],
  subject: SignedSubject,
  { keyId, signature }: RegistrySignature,
): boolean {
  const message = signatureMessage(subject)
  return keys.some(
    ({ publicKey, state }) =>
      state !== 'revoked' &&
      registryKeyId(publicKey) === keyId &&
      isEd25519Signature(publicKey, { message, signature }),
  )
}
