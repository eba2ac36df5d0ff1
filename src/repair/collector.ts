/**
 * Garbage collection: mark by asking the recipes, sweep after a grace time, delete on nodes at a bounded rate.
 * Nothing is garbage because it is absent from an unsure database: this runs only in a store whose database passed its guard, with enough witnesses.
 * Faults 8 and 12: ages are monotonic time, and nothing that an active reader or writer might have seen is touched.
 */

import { toBase64url, toHex } from '#bytes/text'
import type { ClusterNode, NodeNumber } from '#cluster/node'
import { Budget } from '#repair/budget'
import type { RepairParts } from '#repair/parts'
import { findMissing } from '#repair/strays'
import type { ShardId } from '#shard/shard-id'
import type { ShardStat } from '#shard/store'
import type { ChunkRecord } from '#store/chunk-record'
import { findUnreferenced, isReferenced, type StoreChange, scanChunks } from '#store/tables'

/** Chunks removed by one commit. */
const chunksPerCommit = 200
/** Candidates remembered between runs; more wait for the next run. */
const candidatesMax = 100_000
/** Nodes are looked at together until they hold so many shards: one scan of the table serves them all, and one node's names fit in memory. */
const shardsPerScan = 100_000

export interface CollectOptions {
  /** How long something must have been garbage, seen so by this process; 0 only where nothing else runs. */
  readonly graceMs: number
  readonly deleteBytesPerSecond: number
  readonly signal: AbortSignal
}

export interface Collected {
  readonly chunks: number
  readonly shards: number
  readonly bytes: number
}

/** How one look for garbage was begun. */
interface Look {
  readonly graceMs: number
  /** When the oldest activity began that was under way then (monotonic ms). */
  readonly oldestActivity: number
}

/** A shard that no chunk places on its node. */
interface Orphan {
  readonly node: ClusterNode
  readonly stat: ShardStat
}

/** A node and the shards on it that no chunk was found for so far. */
interface Listed {
  readonly node: ClusterNode
  readonly held: Map<ShardId, ShardStat>
}

export class Collector {
  readonly #parts: RepairParts
  /** When a chunk, or a shard that no chunk knows, was first seen to be garbage (monotonic ms). */
  readonly #chunksSince = new Map<string, number>()
  readonly #shardsSince = new Map<string, number>()

  constructor(parts: RepairParts) {
    this.#parts = parts
  }

  /** One whole run: chunks without a recipe, then shards without a chunk. Returns what was freed. */
  async collect(options: CollectOptions): Promise<Collected> {
    const witnessesMissing = this.#parts.changelog.witnessesMissing()
    if (witnessesMissing.length > 0) {
      this.#parts.telemetry.note(
        'warn',
        'No garbage is collected until more nodes are there: they may know more than the database',
        { nodes: witnessesMissing },
      )
      return { chunks: 0, shards: 0, bytes: 0 }
    }
    const budget = new Budget(this.#parts.world, {
      bytesPerSecond: options.deleteBytesPerSecond,
      signal: options.signal,
    })
    const fromChunks = await this.#collectChunks(options, budget)
    const fromOrphans = await this.#collectOrphans(options, budget)
    const total = {
      chunks: fromChunks.chunks,
      shards: fromChunks.shards + fromOrphans.shards,
      bytes: fromChunks.bytes + fromOrphans.bytes,
    }
    this.#parts.telemetry.collected(total)
    return total
  }

  async #collectChunks({ graceMs, signal }: CollectOptions, budget: Budget): Promise<Collected> {
    const look = this.#beginLook(graceMs)
    const candidates = await findUnreferenced(this.#parts.sql, candidatesMax)
    const ripe = this.#ripen(
      this.#chunksSince,
      new Map(candidates.map((chunk) => [toHex(chunk.id), chunk])),
      look,
    )
    const total = { chunks: 0, shards: 0, bytes: 0 }
    for (let from = 0; from < ripe.length && !signal.aborted; from += chunksPerCommit) {
      const removed = await this.#forget(ripe.slice(from, from + chunksPerCommit))
      this.#parts.world.passing('gc/chunks-forgotten')
      total.chunks += removed.length
      for (const { shards } of removed) {
        for (const { id, node } of shards) {
          const holder = node === undefined ? undefined : this.#parts.cluster.node(node)
          const bytes = holder === undefined ? 0 : await this.#removeShard(holder, { id }, budget)
          total.shards += bytes > 0 ? 1 : 0
          total.bytes += bytes
        }
      }
    }
    return total
  }

  /** Removes the rows of chunks that nothing refers to even now. The nodes' shards go only after this is in the change log. */
  async #forget(chunks: readonly ChunkRecord[]): Promise<readonly ChunkRecord[]> {
    return await this.#parts.changelog.commit(async (tx) => {
      const dead: ChunkRecord[] = []
      for (const chunk of chunks) if (!(await isReferenced(tx, chunk.id))) dead.push(chunk)
      if (dead.length === 0) return dead
      const change: StoreChange = {
        kind: 'store/chunks-removed',
        chunks: dead.map(({ id }) => toBase64url(id)),
      }
      await tx.record(change)
      return dead
    })
  }

  /** Shards that no chunk places on their node: left by crashes, moves, and nodes that were away during a removal. */
  async #collectOrphans({ graceMs, signal }: CollectOptions, budget: Budget): Promise<Collected> {
    const look = this.#beginLook(graceMs)
    const orphans = new Map<string, Orphan>()
    for await (const { node, stat } of this.#findOrphans(signal))
      orphans.set(sightingOf(node, stat), { node, stat })
    // A shard has left its former place for good when a lost database could not bring that back.
    const { changelog } = this.#parts
    await changelog.reached(changelog.committed())
    const total = { chunks: 0, shards: 0, bytes: 0 }
    const ripe = this.#ripen(this.#shardsSince, orphans, look)
    const missing = await findMissing(this.#parts, new Set(ripe.map(({ stat }) => stat.id)))
    for (const { node, stat } of ripe) {
      if (signal.aborted) break
      if (missing.has(stat.id)) continue // until repair has made it anew, this may be the last copy
      const bytes = await this.#removeShard(node, stat, budget)
      total.shards += bytes > 0 ? 1 : 0
      total.bytes += bytes
    }
    return total
  }

  /** Lists nodes first and the table after: a shard committed in between is in neither, one recorded in between is in the table. */
  async *#findOrphans(signal: AbortSignal): AsyncGenerator<Orphan> {
    let listed = new Map<NodeNumber, Listed>()
    let shards = 0
    for (const node of this.#parts.cluster.up()) {
      if (signal.aborted) return
      const held = new Map<ShardId, ShardStat>()
      for await (const stat of node.stores.shards.list()) held.set(stat.id, stat)
      listed.set(node.number, { node, held })
      shards += held.size
      if (shards < shardsPerScan) continue
      yield* this.#withoutPlace(listed)
      listed = new Map()
      shards = 0
    }
    yield* this.#withoutPlace(listed)
  }

  async *#withoutPlace(listed: ReadonlyMap<NodeNumber, Listed>): AsyncGenerator<Orphan> {
    for await (const { shards } of scanChunks(this.#parts.sql)) {
      for (const { id, node } of shards) if (node !== undefined) listed.get(node)?.held.delete(id)
    }
    for (const { node, held } of listed.values())
      for (const stat of held.values()) yield { node, stat }
  }

  /** With `committedAt` only what was committed then: repair may write a shard anew where a former one of its name waits for removal. */
  async #removeShard(
    node: ClusterNode,
    { id, committedAt }: { readonly id: ShardId; readonly committedAt?: number | undefined },
    budget: Budget,
  ): Promise<number> {
    try {
      const stat = await node.stores.shards.stat(id)
      if (stat === undefined) return 0
      await budget.spend(stat.bytes)
      const existed = await node.stores.shards.remove(id, { committedAt })
      this.#parts.world.passing('gc/shard-removed')
      return existed ? stat.bytes : 0
    } catch (error) {
      void this.#parts.cluster.reportFailure(node.number, error) // an orphan now: a later run finds it
      return 0
    }
  }

  /** Who is active must be asked first: whoever records a chunk during the look is not active any more after it. */
  #beginLook(graceMs: number): Look {
    return { graceMs, oldestActivity: this.#oldestActivity() }
  }

  #oldestActivity(): number {
    return this.#parts.store.oldestActivity() ?? Number.POSITIVE_INFINITY
  }

  /** Remembers what is garbage now, forgets what is not, and returns what has been long enough, before every activity of the look began. */
  #ripen<Id, Item>(
    since: Map<Id, number>,
    garbage: ReadonlyMap<Id, Item>,
    { graceMs, oldestActivity }: Look,
  ): readonly Item[] {
    const now = this.#parts.world.monotonic()
    const oldest = Math.min(oldestActivity, this.#oldestActivity())
    for (const id of since.keys()) if (!garbage.has(id)) since.delete(id)
    for (const id of garbage.keys()) if (!since.has(id)) since.set(id, now)
    return [...garbage].flatMap(([id, item]) => {
      const seen = since.get(id) ?? now
      return now - seen >= graceMs && seen < oldest ? [item] : []
    })
  }
}

/** A shard written anew under the same name, as repair does, is another sighting: its age begins again. */
function sightingOf(node: ClusterNode, { id, committedAt }: ShardStat): string {
  return `${node.number}/${id}@${committedAt}`
}
