/**
 * What an answer promises, looked at now and then in the moment it is given. The nemesis takes only what may be lost, so a promise that is
 * broken by one shard, or by one copy of the log, might never show in what clients see.
 */
import type { ObjectInfo } from '#object/model'
import { isPacked } from '#store/chunk-record'
import { findChunk, readExtents } from '#store/tables'
import type { SimulatedWorld } from '#world/simulated'
import { newestLogged, stagedName, stagedOn, wholeColumns } from './ground-truth.ts'
import type { History } from './history.ts'
import type { Nemesis } from './nemesis.ts'
import { chance, type Scenario } from './scenario.ts'
import type { Site } from './site.ts'
import type { Running } from './store-process.ts'

/** Of answers, how many are looked at. */
const share = 0.15

export interface WatchParts {
  readonly site: Site
  readonly history: History
  readonly nemesis: Nemesis
  readonly scenario: Scenario
}

export class PromiseWatch {
  readonly #world: SimulatedWorld
  readonly #parts: WatchParts

  constructor(world: SimulatedWorld, parts: WatchParts) {
    this.#world = world
    this.#parts = parts
  }

  /** Somebody was told of a version, by a look or by a write that began at `begunAt` (monotonic ms). */
  tell(info: ObjectInfo, { isNew, begunAt }: { isNew: boolean; begunAt: number }): void {
    const { site, nemesis } = this.#parts
    const { running } = site
    if (running === undefined || !chance(this.#world, share)) return
    const strikeAt = nemesis.lastStrikeAt
    if (strikeAt >= (isNew ? begunAt : 0)) return
    this.#checkLog(info)
    if (!isNew) return
    void this.#checkShards(info, { running, strikeAt })
    if (strikeAt === Number.NEGATIVE_INFINITY) void this.#checkStaged(info, running)
  }

  /** The change is on parity + 1 nodes at least: nothing anybody has heard of can be lost with the database. */
  #checkLog({ sequence }: ObjectInfo): void {
    const { site, history, scenario } = this.#parts
    const { nodes } = site.hardware
    const holders = nodes.filter((node) => newestLogged([node]) >= sequence)
    if (holders.length <= scenario.profile.parity)
      history.violate(`${sequence} was told, and is on ${holders.length} nodes`)
  }

  /** A small object is on parity + 1 nodes at least, or in shards. A copy's may have been staged long before, but nothing was lost yet. */
  async #checkStaged({ sequence }: ObjectInfo, running: Running): Promise<void> {
    const { site, history, nemesis, scenario } = this.#parts
    const extents = (await readExtents(running.sql, sequence)).filter(isPacked)
    for (const { chunkId, offset } of extents) {
      const name = stagedName(chunkId, offset)
      const holders = site.hardware.nodes.filter(({ disk }) => stagedOn(disk).has(name))
      if (holders.length > scenario.profile.parity) continue
      if ((await findChunk(running.sql, chunkId)) !== undefined) continue
      if (nemesis.lastStrikeAt === Number.NEGATIVE_INFINITY)
        history.violate(`acknowledged at ${sequence}, and staged on ${holders.length} nodes`)
    }
  }

  /** At least k shards are on disk whichever one node is lost next. */
  async #checkShards(
    { sequence }: ObjectInfo,
    { running, strikeAt }: { readonly running: Running; readonly strikeAt: number },
  ): Promise<void> {
    const { site, history, nemesis } = this.#parts
    // Only chunks that are new with this write: a copy's may have lost shards before.
    const rows = await running.sql.query<{ id: Uint8Array }>`
      select id from chunk where sequence = ${sequence}`
    for (const { id } of rows) {
      const chunk = await findChunk(running.sql, id)
      if (chunk === undefined) continue // overwritten and collected meanwhile
      const nodes = wholeColumns(site.hardware, running.cluster, chunk).map(({ node }) => node)
      const worst = Math.max(0, ...nodes.map((node) => nodes.filter((one) => one === node).length))
      if (nodes.length - worst < chunk.shape.profile.data && nemesis.lastStrikeAt === strikeAt)
        history.violate(
          `acknowledged at ${sequence} with ${nodes.length} shards, ${worst} on one node`,
        )
    }
  }
}
