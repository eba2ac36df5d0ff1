/**
 * Chunks at rest across nodes. This class holds the parts that writing, reading and rebuilding share; the work is in `write.ts`,
 * `read.ts` and `rebuild.ts`.
 */

import { toHex } from '#bytes/text'
import type { Codec } from '#chunk/codec'
import { type Geometry, geometryFor } from '#chunk/geometry'
import type { Cluster } from '#cluster/cluster'
import type { ClusterNode } from '#cluster/node'
import type { Profile } from '#erasure/profile'
import type { Keyring } from '#keyring/keyring'
import type { Queryable } from '#sql/sql'
import { type LateShard, LateShards } from '#store/_late-shards'
import type { Pack } from '#store/_pack'
import { StalledNodes } from '#store/_stalled-nodes'
import type { ChunkRecord, PackedExtent } from '#store/chunk-record'
import { DigestTables } from '#store/digest-tables'
import { storeFault } from '#store/faults'
import { findChunk } from '#store/tables'
import { Permits } from '#stream/permits'
import type { Telemetry } from '#telemetry/telemetry'
import { endsWithin } from '#world/patience'
import type { World } from '#world/world'

export interface ChunkStoreParts {
  readonly codec: Codec
  readonly cluster: Cluster
  readonly keyring: Keyring
  readonly sql: Queryable
  readonly world: World
  readonly telemetry: Telemetry
  /** Nominal plaintext bytes of a chunk; rounded up to whole stripes. */
  readonly chunkBytes: number
  /** How long one node may take over a block or a commit before a write goes on without it. */
  readonly nodeDeadlineMs?: number
  /** Plain memory that bodies of slow clients may take beside the slots, half of it those being written. */
  readonly overflowBytes?: number
}

export type { LateShard }

export const nodeDeadlineMsDefault = 15_000
/** So many times as long a node has when nothing comes of a chunk without it: most may be as slow, for there is one disk below them all. */
export const patienceFactor = 4
const overflowBytesDefault = 128 * 1024 * 1024

/** Waits for what tidies up after a failure, but only so long: a node that hangs keeps nobody, and what it keeps is collected. */
export async function tidyUp(
  { world, nodeDeadlineMs = nodeDeadlineMsDefault }: ChunkStoreParts,
  works: readonly Promise<unknown>[],
): Promise<void> {
  await endsWithin(world, nodeDeadlineMs, Promise.allSettled(works))
}

/** What a node's work for repair comes to, for which nobody waits; `store/node-too-slow` when its patience ends. What comes later is nobody's. */
export async function answerOf<T>(
  { world, nodeDeadlineMs = nodeDeadlineMsDefault }: ChunkStoreParts,
  { id }: ClusterNode,
  work: Promise<T>,
): Promise<T> {
  const deadlineMs = patienceFactor * nodeDeadlineMs
  if (await endsWithin(world, deadlineMs, work)) return await work
  throw storeFault('store/node-too-slow', { node: id, deadlineMs })
}

/** Something is wrong with a column of a chunk: a damaged block, a missing shard, a node that is gone. */
export interface Damage {
  readonly chunkId: Uint8Array
  readonly column: number
  readonly reason: 'missing' | 'damaged'
}

/** A slot in so many may hold a stripe that is not needed yet. */
const readAheadShare = 3

export class ChunkStore {
  readonly parts: ChunkStoreParts
  readonly digestTables = new DigestTables()
  readonly stalled: StalledNodes
  readonly late: LateShards
  /** Bytes of plain memory for slow clients while slots are scarce; apart, so that who reads slowly stops nobody from writing. */
  readonly overflow: { readonly reading: Permits; readonly writing: Permits }
  /** Packs whose objects rest in no shards yet, by id in hex. */
  readonly openPacks = new Map<string, Pack>()
  /** What of former processes' packs, by id in hex, no node that is up has told of: there is nothing to read until one comes back. */
  readonly missing = new Map<string, readonly PackedExtent[]>()
  readonly #damageListeners = new Set<(damage: Damage) => void>()
  readonly #arrivalListeners = new Set<(shard: LateShard) => Promise<void>>()
  readonly #activities = new Set<{ readonly startedAt: number }>()
  #ahead = 0

  constructor(parts: ChunkStoreParts) {
    this.parts = parts
    this.stalled = new StalledNodes(parts.world)
    this.late = new LateShards(parts.world)
    const overflowBytes = (parts.overflowBytes ?? overflowBytesDefault) / 2
    this.overflow = {
      reading: new Permits(overflowBytes),
      writing: new Permits(overflowBytes, { lastFirst: true }),
    }
  }

  geometry(profile: Profile): Geometry {
    return geometryFor(profile, this.parts.codec.slots.slotBytes)
  }

  /** `store/unknown-chunk` when there is no such row: a recipe must never name one. */
  async chunk(id: Uint8Array): Promise<ChunkRecord> {
    const chunk = await findChunk(this.parts.sql, id)
    if (chunk === undefined) throw storeFault('store/unknown-chunk', { chunk: toHex(id) })
    return chunk
  }

  onDamage(listener: (damage: Damage) => void): void {
    this.#damageListeners.add(listener)
  }

  /** Calls `listener`, which must not reject, with every shard that came to rest after its chunk was recorded without it. */
  onArrival(listener: (shard: LateShard) => Promise<void>): void {
    this.#arrivalListeners.add(listener)
  }

  /**
   * The records of these chunks are committed, or may be: what they lack is repair's, at once or when it does not arrive. To be called by
   * whoever wrote them; before the commit repair would look for chunks that nobody knows.
   */
  chunksRecorded(chunks: readonly ChunkRecord[]): void {
    for (const chunk of chunks) {
      const late = new Set(this.late.of(chunk.id).map(({ column }) => column))
      for (const [column, { node }] of chunk.shards.entries())
        if (node === undefined && !late.has(column)) this.reportDamage(chunk, column, 'missing')
      if (late.size === 0) continue
      const end = this.beginActivity() // until its place is recorded, the shard is nobody's
      const settled = this.late.settle(chunk.id, async (shard, hasArrived) => {
        if (!hasArrived) return this.reportDamage(chunk, shard.column, 'missing')
        for (const listener of this.#arrivalListeners) await listener(shard)
      })
      void settled.then(end)
    }
  }

  /** Tells the repair queue and the operator. */
  reportDamage(chunk: ChunkRecord, column: number, reason: Damage['reason']): void {
    const place = chunk.shards[column]
    const node = place?.node === undefined ? undefined : this.parts.cluster.node(place.node)
    this.parts.telemetry.damageFound({
      node: node?.id ?? 'none',
      what: `shard ${place?.id ?? ''}`,
      reason,
    })
    for (const listener of this.#damageListeners) {
      listener({ chunkId: chunk.id, column, reason })
    }
  }

  /**
   * Marks a reader or writer as active until the returned function is called. Garbage is only collected when it was garbage before
   * every active one began: nobody's chunks vanish under them.
   */
  beginActivity(): () => void {
    const activity = { startedAt: this.parts.world.monotonic() }
    this.#activities.add(activity)
    return () => this.#activities.delete(activity)
  }

  /**
   * Leave for a reader to load a stripe beside the one it needs next, until the returned function is called, once. All readers together may have
   * a third of the slots for that: the others serve stripes that are needed now, which therefore always come, and those that are on their way out.
   */
  mayReadAhead(): (() => void) | undefined {
    if (this.#ahead >= this.parts.codec.slots.slots / readAheadShare) return undefined
    this.#ahead += 1
    return () => {
      this.#ahead -= 1
    }
  }

  /** When the oldest active reader or writer began; `undefined` while there is none. */
  oldestActivity(): number | undefined {
    const [oldest] = this.#activities
    return oldest?.startedAt
  }
}
