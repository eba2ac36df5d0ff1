/** `mycelium gc`: collects all garbage of a store that is not up, at once. */

import type { GcConfig } from '#main/gc.config'
import { openStore } from '#main/store'
import { printBytes } from '#main/units'
import { nodesDefault } from '#main/up.config'
import { compact } from '#repair/compactor'
import { openTelemetry } from '#telemetry/open-telemetry'
import type { World } from '#world/world'

export interface ProgramOptions<Config> {
  readonly config: Config
  readonly world: World
  readonly print: (text: string) => void
  /** Tells how far a long work is, each time in place of the last; to nobody where there is no terminal. */
  readonly progress: (text: string) => void
  readonly stop: AbortSignal
}

/** Nothing else runs on the directory, so nothing needs a grace time. */
export async function gc({ config, world, print, stop }: ProgramOptions<GcConfig>): Promise<void> {
  const telemetry = openTelemetry({ level: config.logLevel, metrics: false })
  await using store = await openStore({
    settings: {
      ...config,
      nodes: undefined,
      profile: undefined,
      strictPlacement: false,
      replaceLost: false,
    },
    program: 'mycelium gc',
    nodesDefault,
    world,
    telemetry,
    mustExist: true,
  })
  await compact(store, { signal: stop })
  const { chunks, shards, bytes } = await store.collector.collect({
    graceMs: 0,
    deleteBytesPerSecond: config.collectRate,
    signal: stop,
  })
  print(`Collected ${chunks} chunks and ${shards} shards: ${printBytes(bytes)} freed.\n`)
}
