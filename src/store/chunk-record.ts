/** What the store knows of a chunk, and the three forms it takes: in memory, as JSON in changes, as a row. */
import { strict as assert } from 'node:assert'
import { fromBase64url, toBase64url, toHex } from '#bytes/text'
import { columnsOf, type Shape } from '#chunk/geometry'
import type { NodeNumber } from '#cluster/node'
import { type ShardId, shardIdOf } from '#shard/shard-id'

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
  /** The chunk's data key, wrapped under a generation key; 0 and empty for a pack, whose objects have keys of their own. */
  readonly generation: number
  readonly wrappedKey: Uint8Array
  /** By column. */
  readonly shards: readonly ShardPlace[]
}

/** A run of a chunk's plaintext, or one object in a pack: one step of a recipe. */
export interface Extent {
  readonly chunkId: Uint8Array
  /** In a pack: the column times the block size, and where in the block the sealed object begins. */
  readonly offset: number
  /** Plaintext bytes. */
  readonly bytes: number
  /** A packed object's own key. It is read whole, for it is sealed as a whole. */
  readonly key?: WrappedDataKey
}

/** One that is an object in a pack. */
export type PackedExtent = Extent & { readonly key: WrappedDataKey }

export function isPacked(extent: Extent): extent is PackedExtent {
  return extent.key !== undefined
}

/** A data key under a generation key. */
export interface WrappedDataKey {
  readonly generation: number
  readonly wrapped: Uint8Array
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
  readonly packed?: true
  readonly shards: readonly (readonly [node: number | null, id: string])[]
}
export type ExtentJson =
  | readonly [chunkId: string, offset: number, bytes: number]
  | readonly [chunkId: string, offset: number, bytes: number, generation: number, key: string]

export function chunkToJson({ id, shape, generation, wrappedKey, shards }: ChunkRecord): ChunkJson {
  return {
    id: toBase64url(id),
    data: shape.profile.data,
    parity: shape.profile.parity,
    blockBytes: shape.blockBytes,
    bytes: shape.bytes,
    generation,
    key: toBase64url(wrappedKey),
    ...(shape.isPacked === true ? { packed: true } : {}),
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
      ...(json.packed === true ? { isPacked: true } : {}),
    },
    generation: json.generation,
    wrappedKey: fromBase64url(json.key),
    shards: json.shards.map(([node, id]) => ({
      id: shardIdOf(fromBase64url(id)),
      node: node ?? undefined,
    })),
  }
}

export function extentToJson({ chunkId, offset, bytes, key }: Extent): ExtentJson {
  const id = toBase64url(chunkId)
  if (key === undefined) return [id, offset, bytes]
  return [id, offset, bytes, key.generation, toBase64url(key.wrapped)]
}

export function extentFromJson(json: ExtentJson): Extent {
  const [chunkId, offset, bytes, generation, key] = json
  const extent = { chunkId: fromBase64url(chunkId), offset, bytes }
  if (generation === undefined || key === undefined) return extent
  return { ...extent, key: { generation, wrapped: fromBase64url(key) } }
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
  const hex = toHex(packed) // at once: one call into the engine for all columns
  return Array.from({ length: columns }, (_, column) => {
    const at = column * placeBytes
    const node = ((packed[at] ?? 0) << 8) | (packed[at + 1] ?? 0)
    return {
      id: hex.slice(2 * (at + 2), 2 * (at + placeBytes)) as ShardId, // the hex of 32 bytes
      node: node === noNode ? undefined : node,
    }
  })
}

/** Some bytes of an extent. */
export interface ExtentSlice {
  readonly extent: Extent
  /** Plaintext bytes `[from, to)` of the extent. */
  readonly from: number
  readonly to: number
}

/** Where bytes `[first, end)` of a recipe are. */
export function sliceExtents(
  extents: readonly Extent[],
  { first, end }: { readonly first: number; readonly end: number },
): readonly ExtentSlice[] {
  const slices: ExtentSlice[] = []
  let at = 0
  for (const extent of extents) {
    const from = Math.max(first - at, 0)
    const to = Math.min(end - at, extent.bytes)
    if (from < to) slices.push({ extent, from, to })
    at += extent.bytes
  }
  return slices
}

/** The slices as a recipe of their own: how copies of ranges share chunks. `undefined` when a packed object would be cut. */
export function recipeOf(slices: readonly ExtentSlice[]): readonly Extent[] | undefined {
  const recipe: Extent[] = []
  for (const { extent, from, to } of slices) {
    const isWhole = to - from === extent.bytes
    if (extent.key !== undefined && !isWhole) return undefined
    recipe.push(isWhole ? extent : { ...extent, offset: extent.offset + from, bytes: to - from })
  }
  return recipe
}
