import type { Branded } from '#bytes/brand'
import { fromHex, toHex } from '#bytes/text'
import { blake3 } from '#crypto/blake3'

/** Lowercase hex of the first 16 bytes of a manifest's BLAKE3: what the registry keeps it under, and the first label of a link's host. */
export type ManifestHash = Branded<string, 'ManifestHash'>

const hashBytes = 16

/** 32 hexadecimal digits in either case. `undefined` for anything else. */
export function parseManifestHash(text: string): ManifestHash | undefined {
  return /^[0-9a-f]{32}$/i.test(text) ? (text.toLowerCase() as ManifestHash) : undefined
}

export function hashOfManifest(manifest: Uint8Array): ManifestHash {
  return toHex(blake3(manifest).subarray(0, hashBytes)) as ManifestHash
}

/** As the table has it: 16 bytes. */
export function bytesOfHash(hash: ManifestHash): Uint8Array {
  return fromHex(hash)
}
