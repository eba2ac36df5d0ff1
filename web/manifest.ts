/** A link's manifest: fetched, compared with its hash, decrypted with its key, and read. */
import { decodeMetadata } from '#content/cdn-meta'
import { contentFault } from '#content/faults'
import { type Block, contentNonceBytes, type Metadata } from '#content/metadata'
import { decrypt } from '#web/decrypt'
import { isSame, type Kernels } from '#web/kernels'
import type { Described, Place } from '#web/messages'
import { fetchManifest } from '#web/registry'

/**
 * `content/hash-differs`: somebody on the way changed it. `content/not-authentic`: the key is not its key. `content/metadata-…`: what it says cannot
 * be. Faults of `fetchManifest`.
 */
export async function openManifest(place: Place, kernels: Kernels): Promise<Metadata> {
  const blob = await fetchManifest(place.hash)
  if (!isSame(kernels.hashOf(blob), Uint8Array.fromHex(place.hash))) {
    throw contentFault('content/hash-differs')
  }
  return decodeMetadata(await plainOf(blob, place), { allowsOverwritten: true })
}

async function plainOf(blob: Uint8Array, { key }: Place): Promise<Uint8Array> {
  if (key === undefined) return blob
  const end = Math.max(0, blob.length - contentNonceBytes)
  const [sealed, nonce] = [blob.subarray(0, end), blob.subarray(end)]
  return await decrypt(sealed, { key: Uint8Array.fromHex(key), nonce })
}

export function describe(metadata: Metadata): Described {
  switch (metadata.kind) {
    case 'file': {
      const { kind, name, mime, blocks } = metadata
      return { kind, name, mime, size: sizeOf(blocks), blocks: blocks.length }
    }
    case 'directory': {
      const { kind, name, files } = metadata
      const entries = files.map(({ hash, key }) => ({ hash: hash.toHex(), key: key?.toHex() }))
      return { kind, name, entries }
    }
  }
}

/** Uploaders cut no smaller blocks, so a single one that says less of itself tells the truth. */
const blockBytesMin = 2 ** 20

/** Most uploaders say of every block that it is full, the last one too: then the size is only known from above. */
function sizeOf(blocks: readonly Block[]): { readonly atMost: number; readonly isExact: boolean } {
  const lengths = blocks.map(({ startOffset, endOffset }) => endOffset - startOffset + 1)
  const atMost = lengths.reduce((sum, length) => sum + length, 0)
  const last = lengths.at(-1) ?? 0
  const full = blocks.length > 1 ? (lengths[0] ?? 0) : blockBytesMin
  return { atMost, isExact: last < full }
}
