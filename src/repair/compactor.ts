/**
 * Compaction: a chunk that recipes use only in small part (what stays of a source after part of it was copied and the rest deleted) is
 * replaced by chunks of just the used runs; the old one becomes garbage. Idempotent: what a crash interrupts is done again.
 * Its price is one read and one write of the used bytes.
 */
import type { RepairParts } from '#repair/parts'
import { type ChunkRecord, chunkToJson, type Extent, extentToJson } from '#store/chunk-record'
import { readBody } from '#store/read'
import { findRuns, findSparse, type StoreChange } from '#store/tables'
import { discardChunks, writeBody } from '#store/write'

/** A chunk is rewritten when recipes use less than this share of it: then at least as much is freed as is written. */
const usedShareMin = 0.5
/** Chunks looked at in one run. */
const chunksPerRun = 1_000

export type CompactorParts = Pick<RepairParts, 'sql' | 'changelog' | 'store'>

/** Rewrites what is sparse now. Returns how many chunks became garbage. */
export async function compact(
  parts: CompactorParts,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  const sparse = await findSparse(parts.sql, { share: usedShareMin, limit: chunksPerRun })
  for (const chunk of sparse) {
    for (const run of await findRuns(parts.sql, chunk.id))
      await moveRun(parts, { chunk, run, signal })
  }
  return sparse.length
}

async function moveRun(
  { store, changelog }: CompactorParts,
  {
    chunk,
    run,
    signal,
  }: { readonly chunk: ChunkRecord; readonly run: Extent; readonly signal: AbortSignal },
): Promise<void> {
  const end = store.beginActivity()
  try {
    const stream = readBody(store, [run], { first: 0, end: run.bytes, signal })
    const stored = await writeBody(store, stream, {
      profile: chunk.shape.profile,
      digests: [],
      signal,
    })
    store.parts.world.passing('gc/run-rewritten')
    const [to, ...more] = stored.extents
    if (to === undefined || more.length > 0) {
      await discardChunks(store, stored.chunks) // chunks were made larger than they are made now: leave this one
      return
    }
    const change: StoreChange = {
      kind: 'store/extent-moved',
      from: extentToJson(run),
      to: extentToJson(to),
      chunks: stored.chunks.map(chunkToJson),
    }
    await changelog.commit((tx) => tx.record(change))
    store.chunksRecorded(stored.chunks)
  } finally {
    end()
  }
}
