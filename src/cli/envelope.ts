/** The head of an object that was encrypted on the client: docs/formats/client-encryption.md. */
import { strict as assert } from 'node:assert'
import type { Secret } from '#cli/context'
import { cliFault } from '#cli/faults'
import { aeadKeyBytes, aeadNonceBytes, aeadTagBytes, seal, tryOpen } from '#crypto/aead'
import {
  deriveFromPassphrase,
  deriveKey,
  type PassphraseCost,
  passphraseCost,
  passphraseSaltBytes,
} from '#crypto/derive'

export const envelopeVersion = 1
/** User metadata that says that an object is encrypted, and in which format. */
export const envelopeMetadata = 'mycelium-client-encryption'
export const envelopeHeadBytes = 80
/** Plaintext in every chunk but the last. */
export const envelopeChunkBytes = 64 * 1024

const magic = 'MYCE'
const openHeadBytes = 32
const keyFileInfo = 'mycelium client encryption 1 key file'
/** A head that asks for more than this is not one of ours, and would only keep the machine busy. */
const costMax: PassphraseCost = { memoryKibibytes: 1024 * 1024, passes: 16, lanes: 16 }

const originOf = { passphrase: 1, 'key-file': 2 } as const

export interface Sealing {
  readonly head: Uint8Array
  readonly dataKey: Uint8Array
}

/** `random` draws fresh bytes: the salt and the data key, in this order. */
export async function newEnvelope(
  secret: Secret,
  random: (bytes: number) => Uint8Array,
): Promise<Sealing> {
  const salt = random(passphraseSaltBytes)
  const dataKey = random(aeadKeyBytes)
  const cost = secret.kind === 'passphrase' ? passphraseCost : noCost
  const head = new Uint8Array(envelopeHeadBytes)
  const view = new DataView(head.buffer)
  head.set(new TextEncoder().encode(magic))
  view.setUint16(4, envelopeVersion)
  view.setUint8(6, originOf[secret.kind])
  view.setUint8(7, Math.log2(envelopeChunkBytes))
  view.setUint32(8, cost.memoryKibibytes)
  view.setUint16(12, cost.passes)
  view.setUint16(14, cost.lanes)
  head.set(salt, 16)
  const key = await wrappingKey(secret, { salt, cost })
  head.set(seal(dataKey, { key, nonce, associated: head.slice(0, openHeadBytes) }), openHeadBytes)
  return { head, dataKey }
}

/** The wrapping key is made for this head alone (its salt is random) and seals once. */
const nonce = new Uint8Array(aeadNonceBytes)
const noCost: PassphraseCost = { memoryKibibytes: 0, passes: 0, lanes: 0 }

export type EnvelopeOrigin = keyof typeof originOf

/** What opens it. `cli/damaged-envelope`, `cli/unsupported-envelope`. */
export function readEnvelopeOrigin(head: Uint8Array): EnvelopeOrigin {
  return parseHead(head).origin
}

/** The data key. `cli/wrong-secret`, `cli/other-secret`, `cli/damaged-envelope`, `cli/unsupported-envelope`. */
export async function openEnvelope(head: Uint8Array, secret: Secret): Promise<Uint8Array> {
  const { origin, salt, cost } = parseHead(head)
  const needs = origin.replace('-', ' ')
  if (origin !== secret.kind) throw cliFault('cli/other-secret', { needs })
  const key = await wrappingKey(secret, { salt, cost })
  const associated = head.slice(0, openHeadBytes)
  const dataKey = tryOpen(head.subarray(openHeadBytes), { key, nonce, associated })
  if (dataKey === undefined) throw cliFault('cli/wrong-secret', { needs })
  return dataKey
}

function parseHead(head: Uint8Array): {
  readonly origin: EnvelopeOrigin
  readonly salt: Uint8Array
  readonly cost: PassphraseCost
} {
  if (head.length !== envelopeHeadBytes || new TextDecoder().decode(head.subarray(0, 4)) !== magic)
    throw cliFault('cli/damaged-envelope', { reason: 'it does not begin as such objects do' })
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  const version = view.getUint16(4)
  if (version !== envelopeVersion) throw cliFault('cli/unsupported-envelope', { version })
  const originByte = view.getUint8(6)
  const origin = (['passphrase', 'key-file'] as const).find((kind) => originOf[kind] === originByte)
  const cost = {
    memoryKibibytes: view.getUint32(8),
    passes: view.getUint16(12),
    lanes: view.getUint16(14),
  }
  const isCostSane =
    origin === 'passphrase' ? isWithin(cost) : cost.memoryKibibytes + cost.passes + cost.lanes === 0
  if (origin === undefined || 2 ** view.getUint8(7) !== envelopeChunkBytes || !isCostSane)
    throw cliFault('cli/damaged-envelope', { reason: 'its head makes no sense' })
  return { origin, salt: head.subarray(16, openHeadBytes), cost }
}

function isWithin({ memoryKibibytes, passes, lanes }: PassphraseCost): boolean {
  return (
    lanes >= 1 &&
    lanes <= costMax.lanes &&
    passes >= 1 &&
    passes <= costMax.passes &&
    memoryKibibytes >= 8 * lanes && // RFC 9106, section 3.1
    memoryKibibytes <= costMax.memoryKibibytes
  )
}

async function wrappingKey(
  secret: Secret,
  { salt, cost }: { readonly salt: Uint8Array; readonly cost: PassphraseCost },
): Promise<Uint8Array> {
  if (secret.kind === 'passphrase') return await deriveFromPassphrase(secret.text, { salt, cost })
  assert(secret.key.length === aeadKeyBytes)
  return deriveKey(secret.key, { salt, info: keyFileInfo })
}

/** Length of the object that `plainBytes` become. */
export function sealedLength(plainBytes: number): number {
  const chunks = Math.max(1, Math.ceil(plainBytes / envelopeChunkBytes))
  return envelopeHeadBytes + plainBytes + chunks * aeadTagBytes
}

/** And back; `undefined` when no plaintext gives such an object. */
export function plainLength(sealedBytes: number): number | undefined {
  const body = sealedBytes - envelopeHeadBytes
  const chunks = Math.max(1, Math.ceil(body / (envelopeChunkBytes + aeadTagBytes)))
  const bytes = body - chunks * aeadTagBytes
  return bytes >= 0 && sealedLength(bytes) === sealedBytes ? bytes : undefined
}
