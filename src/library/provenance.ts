/** Who built an archive, of what, and where: an in-toto statement in a DSSE envelope, plain or inside a Sigstore bundle. Checked offline, against keys that are given. */

export const provenanceBytesMax = 256 * 1024

export interface ProvenanceStatement {
  readonly predicateType: string
  readonly subjects: readonly { readonly name: string; readonly sha256?: Uint8Array }[]
  /** Of SLSA predicates, where they have them. */
  readonly builder?: string
  readonly source?: string
  readonly commit?: string
  readonly workflow?: string
}

export interface Provenance {
  readonly statement: ProvenanceStatement
  readonly signatures: readonly { readonly keyId: string; readonly signature: Uint8Array }[]
  /** What was signed. */
  readonly signedBytes: Uint8Array
}

export interface ProvenanceKey {
  readonly keyId?: string
  /** PEM, SubjectPublicKeyInfo: Ed25519, or ECDSA over P-256 or P-384. */
  readonly pem: string
}

/** `library/malformed-provenance`. */
export function parseProvenance(_bundle: Uint8Array): Provenance {
  throw new Error('to come')
}

/** Whether it speaks of an archive of this digest. Without a look at signatures. */
export function speaksOf(_provenance: Provenance, _digest: Uint8Array): boolean {
  throw new Error('to come')
}

/** The key among them that signed it; `undefined`: none did. */
export function signerOf(
  _provenance: Provenance,
  _keys: readonly ProvenanceKey[],
): ProvenanceKey | undefined {
  throw new Error('to come')
}
