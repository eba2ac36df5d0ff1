/** `mycelium gc`: collects all garbage of a store that is not up, at once. */
import type { GcConfig } from '#main/gc.config'
import { openOffline, type ProgramOptions } from '#main/offline'
import { printBytes } from '#main/units'
import { compact } from '#repair/compactor'

/** Nothing else runs on the directory, so nothing needs a grace time. */
export async function gc(options: ProgramOptions<GcConfig>): Promise<void> {
  const { config, print, stop } = options
  await using store = await openOffline(options, 'mycelium gc')
  await compact(store, { signal: stop })
  await store.packs.flush()
  const { chunks, shards, bytes } = await store.collector.collect({
    graceMs: 0,
    deleteBytesPerSecond: config.collectRate,
    signal: stop,
  })
  print(`Collected ${chunks} chunks and ${shards} shards: ${printBytes(bytes)} freed.\n`)
}
