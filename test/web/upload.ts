/** Content as an uploader leaves it: shards in stores, manifests in a registry, and the hash and the key of a link. */
import { randomBytes } from 'node:crypto'
import { encodeMetadata } from '#content/cdn-meta'
import type { Block, Metadata, ShardLocation } from '#content/metadata'
import { blockTagBytes, contentHashOf, sealBlock, sealMetadata } from '#content/seal'
import { ShardCoder } from '#content/shards'
import { kernelModule } from '#erasure/kernel-module'

export interface Stores {
  readonly locations: readonly ShardLocation[]
  readonly required: number
  putShard(location: ShardLocation, key: Uint8Array, bytes: Uint8Array): Promise<void>
  putManifest(blob: Uint8Array): Promise<void>
}

/** In hex, as links have them. */
export interface Uploaded {
  readonly hash: string
  readonly key: string
  /** Where its shards are: of each block the key, in every store. */
  readonly blocks: readonly Block[]
}

export interface FileToUpload {
  readonly name: string
  readonly content: Uint8Array
  readonly mime?: string
  readonly chunkBytes?: number
}

const coder = new ShardCoder(kernelModule)
const chunkBytesDefault = 5 * 2 ** 20

export async function uploadFile(
  {
    name,
    content,
    mime = 'application/octet-stream',
    chunkBytes = chunkBytesDefault,
  }: FileToUpload,
  stores: Stores,
): Promise<Uploaded> {
  const blocks: Block[] = []
  for (let from = 0; from < content.length; from += chunkBytes) {
    const chunk = content.subarray(from, from + chunkBytes)
    const offsets = { startOffset: from, endOffset: from + chunkBytes - 1 }
    blocks.push({ ...(await uploadBlock(chunk, stores)), ...offsets })
  }
  const contentHash = contentHashOf(content)
  return await uploadManifest({ kind: 'file', contentHash, name, mime, blocks }, stores)
}

async function uploadBlock(chunk: Uint8Array, stores: Stores): Promise<Block> {
  const { locations: shards, required } = stores
  const key = contentHashOf(chunk)
  const nonce = randomBytes(12)
  const sealed = new Uint8Array(chunk.length + blockTagBytes)
  sealed.set(chunk)
  const encryptedHash = sealBlock(sealed, { key, nonce })
  const split = coder.splitBlock(sealed, { required, total: shards.length })
  for (const [index, location] of shards.entries()) {
    const bytes = split[index]
    if (bytes !== undefined) await stores.putShard(location, encryptedHash, bytes)
  }
  const offsets = { startOffset: 0, endOffset: 0 }
  return { shards, requiredShards: required, contentHash: key, encryptedHash, nonce, ...offsets }
}

export async function uploadDirectory(
  { name, entries }: { readonly name: string; readonly entries: readonly Uploaded[] },
  stores: Stores,
): Promise<Uploaded> {
  const files = entries.map(({ hash, key }) => ({
    hash: Uint8Array.fromHex(hash),
    key: Uint8Array.fromHex(key),
  }))
  return await uploadManifest({ kind: 'directory', name, files }, stores)
}

export async function uploadManifest(metadata: Metadata, stores: Stores): Promise<Uploaded> {
  const { blob, hash, key } = sealMetadata(encodeMetadata(metadata), randomBytes(12))
  await stores.putManifest(blob)
  const blocks = metadata.kind === 'file' ? metadata.blocks : []
  return { hash: hash.toHex(), key: key.toHex(), blocks }
}
