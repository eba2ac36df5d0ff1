/** Metadata becomes a manifest: sealed, kept by a registry, and named by a link. */
import { decodeMetadata, encodeMetadata } from '#content/cdn-meta'
import type { Link } from '#content/link'
import {
  contentHashBytes,
  contentNonceBytes,
  type Metadata,
  mimeBytesMax,
  type ShardLocation,
} from '#content/metadata'
import { manifestBytesMax, type RegistryClient } from '#content/registry-client'
import { openMetadata, type SealedMetadata, sealMetadata } from '#content/seal'
import { transferFault } from '#content/transfer-faults'
import type { Lots } from '#content/upload'
import type { World } from '#world/world'

/** Tag and nonce of the sealed metadata. */
const sealBytes = 28
/** Everything of a file's metadata that has one length, with the longest type there may be. */
const fileBytes = 5 + 4 + 16 + 8 + 1 + 8 + mimeBytesMax + 8
const blockBytes = 8 + 2 + 8 + 8 + 16 + 16 + 12
const shardBytes = 4 + 4 + 2 + 2 + 1
const directoryBytes = 5 + 4 + 8 + 8
const longAddressBytes = 12
const tokenBytes = 4 + 8

/** How many blocks a file's metadata can name before registries refuse it. */
export function blocksMax(name: string, locations: readonly ShardLocation[]): number {
  const each = locations.reduce((sum, { host, token }) => {
    const address = host.includes(':') ? longAddressBytes : 0
    return sum + shardBytes + address + (token === undefined ? 0 : tokenBytes + utf8Bytes(token))
  }, blockBytes)
  return Math.floor((manifestBytesMax - sealBytes - fileBytes - utf8Bytes(name)) / each)
}

/** How many files a directory can have. */
export function entriesMax(name: string): number {
  const each = contentHashBytes + 1 + contentHashBytes
  return Math.floor((manifestBytesMax - sealBytes - directoryBytes - utf8Bytes(name)) / each)
}

/** The registry has it when this resolves. `content/manifest-too-large`, and the faults of `RegistryClient.put` */
export async function keepManifest(
  metadata: Metadata,
  {
    registry,
    lots,
    world,
  }: {
    readonly registry: RegistryClient
    readonly lots: Pick<Lots, 'manifest'>
    readonly world: Pick<World, 'randomBytes'>
  },
): Promise<SealedMetadata> {
  const bytes = encodeMetadata(metadata)
  if (bytes.length + sealBytes > manifestBytesMax) {
    throw transferFault('content/manifest-too-large', { bytes: bytes.length })
  }
  const nonce = await lots.manifest(() => world.randomBytes(contentNonceBytes))
  const sealed = sealMetadata(bytes, nonce)
  await registry.put(sealed)
  return sealed
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length
}

/** What a link leads to. Uploads whose shards have overwritten each other are read too: `overwrittenShards` says which. */
export async function fetchMetadata(
  { hash, key }: Pick<Link, 'hash' | 'key'>,
  registry: RegistryClient,
): Promise<Metadata> {
  const bytes = openMetadata(await registry.get(hash), { hash, key })
  return decodeMetadata(bytes, { allowsOverwritten: true })
}
