import type { ChangeLog } from '#changelog/change'
import type { Cluster } from '#cluster/cluster'
import type { Sql } from '#sql/sql'
import type { ChunkStore } from '#store/chunk-store'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** What repair, collection, compaction and scrubbing stand on; each takes what it needs. */
export interface RepairParts {
  readonly sql: Sql
  readonly changelog: ChangeLog
  readonly store: ChunkStore
  readonly cluster: Cluster
  readonly world: World
  readonly telemetry: Telemetry
}
