/**
 * The store's own byte streams (metadata snapshots) as ordinary sealed, coded chunks. A blob's descriptor carries its chunk records, so that it
 * can be read without the database; a `store/blob` change makes its chunks known, so that they are repaired and not collected.
 */

import { toHex } from '#bytes/text'
import type { ChangeLog } from '#changelog/change'
import type { Profile } from '#erasure/profile'
import {
  type ChunkJson,
  type ChunkRecord,
  chunkFromJson,
  chunkToJson,
  type ExtentJson,
  extentFromJson,
  extentToJson,
} from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { storeFault } from '#store/faults'
import { readBody } from '#store/read'
import type { StoreChange } from '#store/tables'
import { writeBody } from '#store/write'

/** Plain JSON: all that is needed to read the blob, but the keyring. */
export interface BlobDescriptor {
  /** Sequence of the change that made the blob's chunks known: its recipe's owner. */
  readonly owner: number
  readonly bytes: number
  readonly chunks: readonly ChunkJson[]
  readonly extents: readonly ExtentJson[]
}

/** Durable on return, and safe from collection until `removeBlob`. */
export async function writeBlob(
  {
    store,
    changelog,
    profile,
  }: { readonly store: ChunkStore; readonly changelog: ChangeLog; readonly profile: Profile },
  stream: AsyncIterable<Uint8Array>,
  { signal }: { readonly signal: AbortSignal },
): Promise<BlobDescriptor> {
  const end = store.beginActivity()
  try {
    const stored = await writeBody(store, stream, { profile, digests: [], signal })
    const chunks = stored.chunks.map(chunkToJson)
    const extents = stored.extents.map(extentToJson)
    const change: StoreChange = { kind: 'store/blob', chunks, extents }
    const committed = changelog.commit((tx) => tx.record(change))
    const { sequence } = await committed.finally(() => store.chunksRecorded(stored.chunks))
    return { owner: Number(sequence), bytes: stored.bytes, chunks, extents }
  } finally {
    end()
  }
}

/** The blob's bytes, verified; needs no database. Shards that moved since the descriptor was written are asked for on every node. */
export function readBlob(
  store: ChunkStore,
  { bytes, chunks, extents }: BlobDescriptor,
  { signal }: { readonly signal: AbortSignal },
): AsyncIterable<Uint8Array> {
  const records = new Map(chunks.map((json) => [json.id, chunkFromJson(json)]))
  return readBody(store, extents.map(extentFromJson), {
    first: 0,
    end: bytes,
    signal,
    lookUp: async (id) => {
      const record = records.get(Buffer.from(id).toString('base64url'))
      if (record === undefined) throw storeFault('store/unknown-chunk', { chunk: toHex(id) })
      return await locate(store, record)
    },
  })
}

/** The record with every shard where it rests now. */
async function locate(store: ChunkStore, chunk: ChunkRecord): Promise<ChunkRecord> {
  const nodes = store.parts.cluster.up()
  const shards = await Promise.all(
    chunk.shards.map(async ({ id }) => {
      const held = await Promise.allSettled(nodes.map(({ stores }) => stores.shards.stat(id)))
      const holder = held.findIndex(
        (stat) => stat.status === 'fulfilled' && stat.value !== undefined,
      )
      return { id, node: nodes[holder]?.number }
    }),
  )
  return { ...chunk, shards }
}

/** The blob's chunks become garbage. */
export async function removeBlob(
  changelog: ChangeLog,
  { owner }: Pick<BlobDescriptor, 'owner'>,
): Promise<void> {
  const change: StoreChange = { kind: 'store/blob-removed', owner }
  await changelog.commit((tx) => tx.record(change))
}
