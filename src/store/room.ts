/** Room for what takes none of the data's: the log and the database grow by every change, and what is left of a full disk is for removals. */
import { columnsOf } from '#chunk/geometry'
import { place } from '#cluster/place'
import { freeBytesMin } from '#cluster/rank'
import type { Profile } from '#erasure/profile'
import { Fault } from '#fault/fault'
import type { ChunkStore } from '#store/chunk-store'
import { storeFault } from '#store/faults'

/** `store/out-of-space` where a chunk would be refused for it. As fresh as the cluster's map: some seconds. */
export function requireRoom({ parts: { cluster } }: ChunkStore, profile: Profile): void {
  const epoch = cluster.epoch()
  const isAnyFull = epoch.nodes.some(
    ({ state, freeBytes }) => state === 'up' && freeBytes < freeBytesMin,
  )
  if (!isAnyFull) return
  try {
    place(epoch, {
      chunkId: new Uint8Array(16), // every chunk fares alike
      shards: columnsOf(profile),
      parity: profile.parity,
    })
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    if (cause.kind === 'exhausted') throw storeFault('store/out-of-space', {}, cause)
  }
}
