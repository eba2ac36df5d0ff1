/**
 * Scrubbing: every shard is read whole and compared with its name, at a bounded rate, so that rot is found and repaired while enough good
 * shards are left to repair it from. Faults 3 and 4 of the fault list.
 */

import { toHex } from '#bytes/text'
import { shardBytes } from '#chunk/footer'
import { Blake3 } from '#crypto/blake3'
import { isFault } from '#fault/fault'
import { Budget } from '#repair/budget'
import type { RepairParts } from '#repair/parts'
import type { ShardStore } from '#shard/store'
import type { ChunkRecord, ShardPlace } from '#store/chunk-record'
import { scanChunks } from '#store/tables'

/** Read at once: small, so that scrubbing costs users little. */
const pieceBytes = 1024 * 1024

export type ScrubParts = Pick<RepairParts, 'sql' | 'store' | 'cluster' | 'world'>

export interface ScrubReport {
  readonly shards: number
  readonly bytes: number
  /** Reported to the repair queue. */
  readonly damaged: number
}

/** One pass over all shards on nodes that are up. */
export async function scrub(
  { sql, store, cluster, world }: ScrubParts,
  { bytesPerSecond, signal }: { readonly bytesPerSecond: number; readonly signal: AbortSignal },
): Promise<ScrubReport> {
  const budget = new Budget(world, { bytesPerSecond, signal })
  const report = { shards: 0, bytes: 0, damaged: 0 }
  for await (const chunk of scanChunks(sql)) {
    for (const [column, place] of chunk.shards.entries()) {
      const node = place.node === undefined ? undefined : cluster.node(place.node)
      if (node === undefined || node.state === 'down') continue
      signal.throwIfAborted()
      const end = store.beginActivity()
      try {
        const health = await examineShard(chunk, place, { shards: node.stores.shards, budget })
        report.shards += 1
        report.bytes += shardBytes(chunk.shape)
        if (health === 'whole') continue
        report.damaged += 1
        store.reportDamage(chunk, column, health)
      } finally {
        end()
      }
    }
  }
  return report
}

/** Reads a shard whole and compares it with its name. */
export async function examineShard(
  { shape }: ChunkRecord,
  { id }: ShardPlace,
  { shards, budget }: { readonly shards: Pick<ShardStore, 'read'>; readonly budget?: Budget },
): Promise<'whole' | 'damaged' | 'missing'> {
  const bytes = shardBytes(shape)
  const piece = new Uint8Array(Math.min(pieceBytes, bytes))
  const hash = new Blake3()
  for (let offset = 0; offset < bytes; offset += piece.length) {
    const into = piece.subarray(0, Math.min(piece.length, bytes - offset))
    await budget?.spend(into.length)
    try {
      await shards.read(id, into, { offset })
    } catch (error) {
      if (!isFault(error)) throw error
      return error.kind === 'corrupt' ? 'damaged' : 'missing'
    }
    hash.update(into)
  }
  return toHex(hash.digest()) === id ? 'whole' : 'damaged'
}
