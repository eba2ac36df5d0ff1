/** The `chunk` and `extent` tables, and the changes that write them. An extent's owner is the sequence of the change that made it. */

import { fromBase64url } from '#bytes/text'
import type { ChangeBody, ChangeRoom, SequencedChange } from '#changelog/change'
import type { NodeNumber } from '#cluster/node'
import type { Queryable, SqlRow } from '#sql/sql'
import {
  type ChunkJson,
  type ChunkRecord,
  chunkFromJson,
  chunkToJson,
  type Extent,
  type ExtentJson,
  extentFromJson,
  extentToJson,
  isPacked,
  type PackedExtent,
  packPlaces,
  unpackPlaces,
} from '#store/chunk-record'
import { plainWrappedBytes } from '#store/data-key'

/** Rows that one page of a dump or scan holds. */
const pageRows = 500

export type StoreChange = ChangeBody &
  (
    | { readonly kind: 'store/chunk'; readonly chunk: ChunkJson }
    | {
        readonly kind: 'store/blob'
        readonly chunks: readonly ChunkJson[]
        readonly extents: readonly ExtentJson[]
      }
    | { readonly kind: 'store/blob-removed'; readonly owner: number }
    | {
        readonly kind: 'store/shard-moved'
        readonly chunk: string
        readonly column: number
        readonly node: number | null
      }
    | { readonly kind: 'store/chunks-removed'; readonly chunks: readonly string[] }
    | {
        readonly kind: 'store/keys-rewrapped'
        readonly generation: number
        /** `[chunk, wrapped data key]` */
        readonly keys: readonly (readonly [chunk: string, key: string])[]
        /** `[pack, offset, wrapped data key]` of objects in packs */
        readonly objects: readonly (readonly [chunk: string, offset: number, key: string])[]
      }
    | {
        /** Every extent that is exactly `from` is `to` from now on: the same bytes, in a new chunk. */
        readonly kind: 'store/extent-moved'
        readonly from: ExtentJson
        readonly to: ExtentJson
        readonly chunks: readonly ChunkJson[]
      }
  )

interface ChunkRow extends SqlRow {
  readonly id: Uint8Array
  readonly sequence: number
  readonly at: number
  readonly data: number
  readonly parity: number
  readonly block_bytes: number
  readonly bytes: number
  readonly generation: number
  readonly wrapped_key: Uint8Array
  readonly packed: number
  readonly places: Uint8Array
}

export const storeRoom: ChangeRoom = {
  room: 'store',
  migrations: [createTables],
  apply: applyStoreChange,
  dump: dumpStore,
}

async function createTables(tx: Queryable): Promise<void> {
  await tx.query`create table chunk (
    id blob primary key, sequence integer not null, at integer not null,
    data integer not null, parity integer not null, block_bytes integer not null, bytes integer not null,
    generation integer not null, wrapped_key blob not null, packed integer not null, places blob not null)`
  await tx.query`create table extent (
    owner integer not null, ordinal integer not null, chunk_id blob not null,
    start integer not null, bytes integer not null, generation integer, wrapped_key blob,
    primary key (owner, ordinal)) without rowid`
  await tx.query`create index extent_chunk on extent (chunk_id)`
  await tx.query`create table blob (owner integer primary key, at integer not null)`
}

async function applyStoreChange(
  tx: Queryable,
  { sequence, at, body }: SequencedChange,
): Promise<void> {
  const change = body as StoreChange // this room wrote it
  switch (change.kind) {
    case 'store/chunk':
      return await insertChunks(tx, { sequence, at }, [chunkFromJson(change.chunk)])
    case 'store/blob':
      await tx.query`insert into blob (owner, at) values (${sequence}, ${at})`
      await insertChunks(tx, { sequence, at }, change.chunks.map(chunkFromJson))
      return await insertExtents(tx, sequence, change.extents.map(extentFromJson))
    case 'store/blob-removed':
      await tx.query`delete from blob where owner = ${change.owner}`
      return await removeExtents(tx, BigInt(change.owner))
    case 'store/shard-moved':
      return await moveShard(
        tx,
        fromBase64url(change.chunk),
        change.column,
        change.node ?? undefined,
      )
    case 'store/chunks-removed':
      for (const id of change.chunks)
        await tx.query`delete from chunk where id = ${fromBase64url(id)}`
      return
    case 'store/keys-rewrapped':
      for (const [chunk, key] of change.keys) {
        await tx.query`update chunk set generation = ${change.generation}, wrapped_key = ${fromBase64url(key)}
          where id = ${fromBase64url(chunk)}`
      }
      for (const [chunk, offset, key] of change.objects) {
        await tx.query`update extent set generation = ${change.generation}, wrapped_key = ${fromBase64url(key)}
          where chunk_id = ${fromBase64url(chunk)} and start = ${offset}`
      }
      return
    case 'store/extent-moved':
      await insertChunks(tx, { sequence, at }, change.chunks.map(chunkFromJson))
      return await moveExtent(tx, extentFromJson(change.from), extentFromJson(change.to))
  }
}

/** Chunks that came with a change of any room, live or replayed. */
export async function insertChunks(
  tx: Queryable,
  { sequence, at }: { readonly sequence: bigint; readonly at: number },
  chunks: readonly ChunkRecord[],
): Promise<void> {
  for (const { id, shape, generation, wrappedKey, shards } of chunks) {
    const { profile, blockBytes, bytes } = shape
    await tx.query`insert into chunk
      (id, sequence, at, data, parity, block_bytes, bytes, generation, wrapped_key, packed, places)
      values (${id}, ${sequence}, ${at}, ${profile.data}, ${profile.parity}, ${blockBytes}, ${bytes},
        ${generation}, ${wrappedKey}, ${shape.isPacked === true ? 1 : 0}, ${packPlaces(shards)})`
  }
}

/** Appends to the owner's recipe, after `ordinal` extents that are there already. */
export async function insertExtents(
  tx: Queryable,
  owner: bigint,
  extents: readonly Extent[],
  ordinal = 0,
): Promise<void> {
  for (const [index, { chunkId, offset, bytes, key }] of extents.entries()) {
    await tx.query`insert into extent (owner, ordinal, chunk_id, start, bytes, generation, wrapped_key)
      values (${owner}, ${ordinal + index}, ${chunkId}, ${offset}, ${bytes},
        ${key?.generation ?? null}, ${key?.wrapped ?? null})`
  }
}

export async function removeExtents(tx: Queryable, owner: bigint): Promise<void> {
  await tx.query`delete from extent where owner = ${owner}`
}

/** Gives the recipe of `from` to `to`, behind `ordinal` extents it already has; returns how many it then has. */
export async function adoptExtents(
  tx: Queryable,
  { from, to, ordinal }: { readonly from: bigint; readonly to: bigint; readonly ordinal: number },
): Promise<number> {
  await tx.query`update extent set owner = ${to}, ordinal = ordinal + ${ordinal} where owner = ${from}`
  const [row] = await tx.query<{ next: number }>`
    select coalesce(max(ordinal) + 1, 0) as next from extent where owner = ${to}`
  return row?.next ?? 0
}

export async function readExtents(tx: Queryable, owner: bigint): Promise<readonly Extent[]> {
  const rows = await tx.query<ExtentRow>`
    select chunk_id, start, bytes, generation, wrapped_key from extent where owner = ${owner} order by ordinal`
  return rows.map(extentOf)
}

interface ExtentRow extends SqlRow {
  readonly chunk_id: Uint8Array
  readonly start: number
  readonly bytes: number
  readonly generation: number | null
  readonly wrapped_key: Uint8Array | null
}

function extentOf({ chunk_id, start, bytes, generation, wrapped_key }: ExtentRow): Extent {
  const extent = { chunkId: chunk_id, offset: start, bytes }
  if (generation === null || wrapped_key === null) return extent
  return { ...extent, key: { generation, wrapped: wrapped_key } }
}

export async function findChunk(tx: Queryable, id: Uint8Array): Promise<ChunkRecord | undefined> {
  const [row] = await tx.query<ChunkRow>`select * from chunk where id = ${id}`
  return row === undefined ? undefined : chunkOf(row)
}

/** All chunks in id order, page by page; changes made meanwhile may or may not be seen. */
export async function* scanChunks(tx: Queryable): AsyncGenerator<ChunkRecord> {
  for await (const row of scanRows(tx)) yield chunkOf(row)
}

async function* scanRows(tx: Queryable): AsyncGenerator<ChunkRow> {
  let after: Uint8Array = new Uint8Array()
  for (;;) {
    const rows =
      await tx.query<ChunkRow>`select * from chunk where id > ${after} order by id limit ${pageRows}`
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    after = last.id
  }
}

/** Chunks that no recipe refers to, at most `limit`. */
export async function findUnreferenced(
  tx: Queryable,
  limit: number,
): Promise<readonly ChunkRecord[]> {
  const rows = await tx.query<ChunkRow>`
    select * from chunk where not exists (select 1 from extent where extent.chunk_id = chunk.id) limit ${limit}`
  return rows.map(chunkOf)
}

export async function isReferenced(tx: Queryable, id: Uint8Array): Promise<boolean> {
  const rows = await tx.query`select 1 as found from extent where chunk_id = ${id} limit 1`
  return rows.length > 0
}

async function moveShard(
  tx: Queryable,
  id: Uint8Array,
  column: number,
  node: NodeNumber | undefined,
): Promise<void> {
  const chunk = await findChunk(tx, id)
  if (chunk === undefined) return // removed meanwhile: there is nothing to move
  const places = chunk.shards.map((place, index) => (index === column ? { ...place, node } : place))
  await tx.query`update chunk set places = ${packPlaces(places)} where id = ${id}`
}

/** Chunks whose data keys are wrapped under an older generation than this, at most `limit`. */
export async function findOlderKeys(
  tx: Queryable,
  { generation, limit }: { readonly generation: number; readonly limit: number },
): Promise<readonly ChunkRecord[]> {
  const rows =
    await tx.query<ChunkRow>`select * from chunk where generation < ${generation} and packed = 0 limit ${limit}`
  return rows.map(chunkOf)
}

/** The same of objects in packs. */
export async function findOlderObjectKeys(
  tx: Queryable,
  { generation, limit }: { readonly generation: number; readonly limit: number },
): Promise<readonly PackedExtent[]> {
  const rows = await tx.query<ExtentRow>`
    select distinct chunk_id, start, bytes, generation, wrapped_key from extent
    where generation < ${generation} limit ${limit}`
  return rows.map(extentOf).filter(isPacked)
}

/** Recipes' steps in packs that have no row: those that were open when a process ended. */
export async function findStaged(tx: Queryable): Promise<readonly PackedExtent[]> {
  const rows = await tx.query<ExtentRow>`
    select distinct chunk_id, start, bytes, generation, wrapped_key from extent
    where not exists (select 1 from chunk where chunk.id = extent.chunk_id)`
  return rows.map(extentOf).filter(isPacked)
}

async function moveExtent(tx: Queryable, from: Extent, to: Extent): Promise<void> {
  await tx.query`update extent set chunk_id = ${to.chunkId}, start = ${to.offset}
    where chunk_id = ${from.chunkId} and start = ${from.offset} and bytes = ${from.bytes}`
}

/**
 * Chunks of which recipes use less than this share of the bytes: what stays of a source after part of it was copied, or of a pack after
 * objects in it were deleted. Not those that are locked: they cannot be read for it. Packs that never were half full are `findSmallPacks`'.
 */
export async function findSparse(
  tx: Queryable,
  { share, limit }: { readonly share: number; readonly limit: number },
): Promise<readonly ChunkRecord[]> {
  const rows = await tx.query<ChunkRow>`
    select chunk.* from chunk join
      (select chunk_id, sum(bytes) as used from extent group by chunk_id) as recipes on recipes.chunk_id = chunk.id
    where recipes.used < chunk.bytes * ${share} and length(wrapped_key) <= ${plainWrappedBytes}
      and (packed = 0 or 2 * chunk.bytes >= data * block_bytes) limit ${limit}`
  return rows.map(chunkOf)
}

/** Packs that were closed before they were half full, and are still used. */
export async function findSmallPacks(
  tx: Queryable,
  { limit }: { readonly limit: number },
): Promise<readonly ChunkRecord[]> {
  const rows = await tx.query<ChunkRow>`
    select * from chunk where packed = 1 and 2 * bytes < data * block_bytes
      and exists (select 1 from extent where chunk_id = chunk.id) limit ${limit}`
  return rows.map(chunkOf)
}

/** The distinct runs of a chunk that recipes refer to. */
export async function findRuns(tx: Queryable, chunkId: Uint8Array): Promise<readonly Extent[]> {
  const rows = await tx.query<ExtentRow>`
    select distinct chunk_id, start, bytes, generation, wrapped_key from extent
    where chunk_id = ${chunkId} order by start, bytes`
  return rows.map(extentOf)
}

async function* dumpStore(tx: Queryable): AsyncGenerator<SequencedChange> {
  for await (const row of scanRows(tx)) {
    yield {
      sequence: BigInt(row.sequence),
      at: row.at,
      body: { kind: 'store/chunk', chunk: chunkToJson(chunkOf(row)) },
    }
  }
  const blobs = await tx.query<{
    owner: number
    at: number
  }>`select owner, at from blob order by owner`
  for (const { owner, at } of blobs) {
    const extents = await readExtents(tx, BigInt(owner))
    yield {
      sequence: BigInt(owner),
      at,
      body: { kind: 'store/blob', chunks: [], extents: extents.map(extentToJson) },
    }
  }
}

function chunkOf(row: ChunkRow): ChunkRecord {
  const shape = {
    profile: { data: row.data, parity: row.parity },
    blockBytes: row.block_bytes,
    bytes: row.bytes,
    ...(row.packed === 1 ? { isPacked: true } : {}),
  }
  return {
    id: row.id,
    shape,
    generation: row.generation,
    wrappedKey: row.wrapped_key,
    shards: unpackPlaces(row.places, shape),
  }
}

/** Owners of all blobs, oldest first. */
export async function listBlobOwners(tx: Queryable): Promise<readonly number[]> {
  const rows = await tx.query<{ owner: number }>`select owner from blob order by owner`
  return rows.map(({ owner }) => owner)
}
