import type { Branded } from '#bytes/brand'
import { fromHex, toHex } from '#bytes/text'
import { contentHashOf } from '#content/seal'

/** Lowercase hex of a sealed manifest's hash: what the registry keeps it under, and the first label of a link's host. */
export type ManifestHash = Branded<string, 'ManifestHash'>

/** 32 hexadecimal digits in either case. `undefined` for anything else. */
export function parseManifestHash(text: string): ManifestHash | undefined {
  return /^[0-9a-f]{32}$/i.test(text) ? (text.toLowerCase() as ManifestHash) : undefined
}

export function hashOfManifest(manifest: Uint8Array): ManifestHash {
  return toHex(contentHashOf(manifest)) as ManifestHash
}

/** As the table has it: 16 bytes. */
export function bytesOfHash(hash: ManifestHash): Uint8Array {
  return fromHex(hash)
}
