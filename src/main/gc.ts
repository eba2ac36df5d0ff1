/** `mycelium gc`: collects all garbage of a store that is not up, at once. */

import type { GcConfig } from '#main/gc.config'
import { openOffline, type ProgramOptions, requireWitnesses } from '#main/offline'
import { printBytes } from '#main/units'
import { compact } from '#repair/compactor'

/** Nothing else runs on the directory, so nothing needs a grace time. `main/witnesses-missing` */
export async function gc(options: ProgramOptions<GcConfig>): Promise<void> {
  const { config, print, stop } = options
  await using store = await openOffline(options, 'mycelium gc')
  const { collectRate: deleteBytesPerSecond } = config
  const collect = () => store.collector.collect({ graceMs: 0, deleteBytesPerSecond, signal: stop })
  requireWitnesses(store)
  const before = await collect() // makes room, of which compaction may need some
  await compact(store, { signal: stop })
  await store.packs.flush()
  const after = await collect()
  const chunks = before.chunks + after.chunks
  const shards = before.shards + after.shards
  const bytes = printBytes(before.bytes + after.bytes)
  print(`Collected ${chunks} chunks and ${shards} shards: ${bytes} freed.\n`)
}
