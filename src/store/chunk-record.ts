/** What the store knows of a chunk, and the three forms it takes: in memory, as JSON in changes, as a row. */
import { strict as assert } from 'node:assert'
import { fromBase64url, toBase64url, toHex } from '#bytes/text'
import { columnsOf, type Shape } from '#chunk/geometry'
import type { NodeNumber } from '#cluster/node'
import { parseShardId, type ShardId } from '#shard/shard-id'

export const chunkIdBytes = 16

/** Where one column rests; `node` is undefined while no node holds it durably. */
export interface ShardPlace {
  readonly id: ShardId
  readonly node: NodeNumber | undefined
}

export interface ChunkRecord {
  /** Random, 16 bytes. */
  readonly id: Uint8Array
  readonly shape: Shape
  /** The chunk's data key, wrapped under a generation key. */
  readonly generation: number
  readonly wrappedKey: Uint8Array
  /** By column. */
  readonly shards: readonly ShardPlace[]
}

/** A run of a chunk's plaintext: one step of a recipe. */
export interface Extent {
  readonly chunkId: Uint8Array
  readonly offset: number
  readonly bytes: number
}

/** JSON form, as it stands in changes. See docs/formats/recipe.md. */
export interface ChunkJson {
  readonly id: string
  readonly data: number
  readonly parity: number
  readonly blockBytes: number
  readonly bytes: number
  readonly generation: number
  readonly key: string
  readonly shards: readonly (readonly [node: number | null, id: string])[]
}
export type ExtentJson = readonly [chunkId: string, offset: number, bytes: number]

export function chunkToJson({ id, shape, generation, wrappedKey, shards }: ChunkRecord): ChunkJson {
  return {
    id: toBase64url(id),
    data: shape.profile.data,
    parity: shape.profile.parity,
    blockBytes: shape.blockBytes,
    bytes: shape.bytes,
    generation,
    key: toBase64url(wrappedKey),
    shards: shards.map(({ node, id: shard }) => [
      node ?? null,
      toBase64url(Buffer.from(shard, 'hex')),
    ]),
  }
}

export function chunkFromJson(json: ChunkJson): ChunkRecord {
  return {
    id: fromBase64url(json.id),
    shape: {
      profile: { data: json.data, parity: json.parity },
      blockBytes: json.blockBytes,
      bytes: json.bytes,
    },
    generation: json.generation,
    wrappedKey: fromBase64url(json.key),
    shards: json.shards.map(([node, id]) => ({
      id: parseShardId(toHex(fromBase64url(id))),
      node: node ?? undefined,
    })),
  }
}

export function extentToJson({ chunkId, offset, bytes }: Extent): ExtentJson {
  return [toBase64url(chunkId), offset, bytes]
}

export function extentFromJson([chunkId, offset, bytes]: ExtentJson): Extent {
  return { chunkId: fromBase64url(chunkId), offset, bytes }
}

/** Row form of the places: per column a big-endian node number (65,535 for none) and the 32-byte shard id. */
const placeBytes = 34
const noNode = 0xffff

export function packPlaces(places: readonly ShardPlace[]): Uint8Array {
  const packed = Buffer.alloc(places.length * placeBytes)
  for (const [column, { node, id }] of places.entries()) {
    packed.writeUInt16BE(node ?? noNode, column * placeBytes)
    packed.write(id, column * placeBytes + 2, 'hex')
  }
  return packed
}

export function unpackPlaces(packed: Uint8Array, shape: Shape): readonly ShardPlace[] {
  const columns = columnsOf(shape.profile)
  assert(packed.length === columns * placeBytes)
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  return Array.from({ length: columns }, (_, column) => {
    const at = column * placeBytes
    const node = bytes.readUInt16BE(at)
    return {
      id: parseShardId(bytes.toString('hex', at + 2, at + placeBytes)),
      node: node === noNode ? undefined : node,
    }
  })
}

/** Extents of `[first, end)` of a recipe: how copies and ranges share chunks. */
export function sliceExtents(
  extents: readonly Extent[],
  { first, end }: { readonly first: number; readonly end: number },
): readonly Extent[] {
  const slices: Extent[] = []
  let at = 0
  for (const { chunkId, offset, bytes } of extents) {
    const from = Math.max(first - at, 0)
    const to = Math.min(end - at, bytes)
    if (from < to) slices.push({ chunkId, offset: offset + from, bytes: to - from })
    at += bytes
  }
  return slices
}
