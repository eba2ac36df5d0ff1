/** The registry's word that this version has these bytes. Specified in docs/formats/library-archive.md. */
import type { LibraryRef } from '#library/name'
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

/** Of a public key. */
export function registryKeyId(_publicKey: Uint8Array): string {
  throw new Error('to come')
}

export function signSubject(_seed: Uint8Array, _subject: SignedSubject): RegistrySignature {
  throw new Error('to come')
}

/** By a key that is not revoked. */
export function isSignedBy(
  _keys: readonly RegistryKey[],
  _subject: SignedSubject,
  _signature: RegistrySignature,
): boolean {
  throw new Error('to come')
}
