/**
 * Compaction: a chunk that recipes use only in small part (what stays of a source after part of it was copied and the rest deleted, of a pack
 * after objects in it were deleted) is replaced by what is still used; so are packs that were closed almost empty, when together they are
 * worth it. The old ones become garbage. Idempotent: what a crash interrupts is done again. Its price is one read and one write of the
 * used bytes.
 */
import { toHex } from '#bytes/text'
import { isFault } from '#fault/fault'
import type { RepairParts } from '#repair/parts'
import {
  type ChunkRecord,
  chunkToJson,
  type Extent,
  extentToJson,
  isPacked,
} from '#store/chunk-record'
import type { Packs } from '#store/packs'
import { readBody } from '#store/read'
import { findRuns, findSmallPacks, findSparse, type StoreChange } from '#store/tables'
import { discardChunks, writeBody } from '#store/write'

/** A chunk is rewritten when recipes use less than this share of it: then at least as much is freed as is written. */
const usedShareMin = 0.5
/** Chunks looked at in one run. */
const chunksPerRun = 1_000
/** So many small packs become one, unless they fill half a pack before: an object moves once each time the small packs grow so many fold. */
const smallPacksMax = 8
/** Packed objects on the move at once: as many as share a frame and a commit. */
const movesAtOnce = 64

export interface CompactorParts extends Pick<RepairParts, 'sql' | 'changelog' | 'store'> {
  readonly packs: Packs
}

/** Rewrites what is sparse now. Returns how many chunks became garbage. */
export async function compact(
  parts: CompactorParts,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  const sparse = await findSparse(parts.sql, { share: usedShareMin, limit: chunksPerRun })
  const rewritten = await rewriteAll(parts, sparse, signal)
  return rewritten + (await mergePacks(parts, { signal }))
}

/** Makes one pack of many small ones, of each profile that has enough of them. Returns how many became garbage. */
export async function mergePacks(
  parts: CompactorParts,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  const small = await findSmallPacks(parts.sql, { limit: chunksPerRun })
  const byProfile = Map.groupBy(
    small,
    ({ shape: { profile } }) => `${profile.data}+${profile.parity}`,
  )
  let merged = 0
  for (const packs of byProfile.values()) {
    if (!isWorthMerging(packs)) continue
    merged += await rewriteAll(parts, packs, signal)
  }
  return merged
}

function isWorthMerging(packs: readonly ChunkRecord[]): boolean {
  const filled = packs.reduce((sum, { shape }) => {
    return sum + shape.bytes / (shape.profile.data * shape.blockBytes)
  }, 0)
  return packs.length >= smallPacksMax || (packs.length > 1 && filled >= 0.5)
}

/**
 * Returns how many were rewritten. One that cannot be, for want of room or because too little is left of it, is told of and keeps nothing else
 * waiting, least of all the collection behind it, which makes room.
 */
async function rewriteAll(
  parts: CompactorParts,
  chunks: readonly ChunkRecord[],
  signal: AbortSignal,
): Promise<number> {
  const failures: string[] = []
  for (const chunk of chunks)
    try {
      await rewrite(parts, chunk, signal)
    } catch (error) {
      if (!isFault(error) || signal.aborted) throw error
      failures.push(`${toHex(chunk.id)}: ${error.message}`)
    }
  const [first] = failures
  if (first !== undefined) {
    const { telemetry } = parts.store.parts
    telemetry.note('warn', 'chunks were not compacted', { count: failures.length, first })
  }
  return chunks.length - failures.length
}

async function rewrite(
  parts: CompactorParts,
  chunk: ChunkRecord,
  signal: AbortSignal,
): Promise<void> {
  const runs = (await findRuns(parts.sql, chunk.id)).values()
  const lane = async (): Promise<void> => {
    for (const run of runs) await moveRun(parts, { chunk, run, signal })
  }
  const lanes = chunk.shape.isPacked === true ? movesAtOnce : 1
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

async function moveRun(parts: CompactorParts, move: Move): Promise<void> {
  const end = parts.store.beginActivity()
  try {
    const { run } = move
    const moved = isPacked(run)
      ? { to: await parts.packs.move(move.chunk.shape.profile, run, move.signal), chunks: [] }
      : await recode(parts, move)
    parts.store.parts.world.passing('gc/run-rewritten')
    if (moved === undefined) return
    const { to, chunks } = moved
    const change: StoreChange = {
      kind: 'store/extent-moved',
      from: extentToJson(run),
      to: extentToJson(to),
      chunks: chunks.map(chunkToJson),
    }
    const committed = parts.changelog.commit((tx) => tx.record(change))
    await committed.finally(() => parts.store.chunksRecorded(chunks))
  } finally {
    end()
  }
}

interface Move {
  readonly chunk: ChunkRecord
  readonly run: Extent
  readonly signal: AbortSignal
}

interface Moved {
  readonly to: Extent
  /** Written for it, not recorded yet. */
  readonly chunks: readonly ChunkRecord[]
}

/** A run of a chunk, in a new one; `undefined` when chunks were made larger than they are made now: then it stays. */
async function recode(
  { store }: CompactorParts,
  { chunk, run, signal }: Move,
): Promise<Moved | undefined> {
  const stream = readBody(store, [run], { first: 0, end: run.bytes, signal })
  const { profile } = chunk.shape
  const { extents, chunks } = await writeBody(store, stream, { profile, digests: [], signal })
  const [to, ...more] = extents
  if (to !== undefined && more.length === 0) return { to, chunks }
  await discardChunks(store, chunks)
  return undefined
}
