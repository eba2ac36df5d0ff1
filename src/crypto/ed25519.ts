/** Ed25519 (RFC 8032), with keys as their 32 raw bytes. */
import { strict as assert } from 'node:assert'
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/** Of seeds and of public keys. */
export const ed25519KeyBytes = 32
export const ed25519SignatureBytes = 64

/** What stands before the raw bytes in DER (RFC 8410). */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** The public key of a seed. */
export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' })
  return new Uint8Array(der.subarray(publicPrefix.length))
}

/** 64 bytes. */
export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, privateKey(seed)))
}

/** False for every key and signature that do not fit together, whatever they are. */
export function isEd25519Signature(
  publicKey: Uint8Array,
  { message, signature }: { readonly message: Uint8Array; readonly signature: Uint8Array },
): boolean {
  if (publicKey.length !== ed25519KeyBytes || signature.length !== ed25519SignatureBytes)
    return false
  const key = Buffer.concat([publicPrefix, publicKey])
  return verify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature)
}

function privateKey(seed: Uint8Array): KeyObject {
  assert(seed.length === ed25519KeyBytes)
  return createPrivateKey({
    key: Buffer.concat([privatePrefix, seed]),
    format: 'der',
    type: 'pkcs8',
  })
}
