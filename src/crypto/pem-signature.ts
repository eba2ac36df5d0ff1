/** Signatures under public keys that others made: PEM of SubjectPublicKeyInfo (RFC 7468), Ed25519 or ECDSA. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'

/** The digest that goes with each curve (FIPS 186-5, as Sigstore and JOSE pair them). */
const digestOfCurve: Readonly<Record<string, string>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
}

/**
 * Of Ed25519, or of ECDSA over P-256, P-384 or P-521 with the SHA-2 of that size, as DER. False for any other key, and for all that does not fit together.
 */
export function isPemSignature(
  pem: string,
  { message, signature }: { readonly message: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const key = publicKeyOf(pem)
  if (key === undefined) return false
  if (key.asymmetricKeyType === 'ed25519') return verify(null, message, key, signature)
  const digest = digestOfCurve[key.asymmetricKeyDetails?.namedCurve ?? '']
  if (key.asymmetricKeyType !== 'ec' || digest === undefined) return false
  return verify(digest, message, { key, dsaEncoding: 'der' }, signature)
}

/** Whether `isPemSignature` could say yes to it. */
export function isPemPublicKey(pem: string): boolean {
  const key = publicKeyOf(pem)
  if (key === undefined) return false
  const curve = key.asymmetricKeyDetails?.namedCurve ?? ''
  return key.asymmetricKeyType === 'ed25519' || curve in digestOfCurve
}

/** A private key is refused: Node would take its public half. */
function publicKeyOf(pem: string): KeyObject | undefined {
  if (!pem.trimStart().startsWith('-----BEGIN PUBLIC KEY-----')) return undefined
  try {
    return createPublicKey({ key: pem, format: 'pem' })
  } catch {
    return undefined
  }
}
