/**
 * The repair queue: chunks that may not be whole, made whole one after another, beginning at once. What is to do is decided by
 * `planRepair` from how the shards are found when their turn comes, so an entry too many costs a look, never a wrong move.
 * Faults 3, 6, 9 and 12: a node that fails or hangs holds up nobody else's shards; a move is recorded only after the shard is durable, and only
 * while the chunk still exists.
 */

import { fromHex, toBase64url, toHex } from '#bytes/text'
import { shardBytes } from '#chunk/footer'
import type { NodeNumber } from '#cluster/node'
import { isFault } from '#fault/fault'
import type { RepairParts } from '#repair/parts'
import { type Health, type Move, planRepair } from '#repair/plan'
import { findStrays, isInPlace } from '#repair/strays'
import type { ChunkRecord } from '#store/chunk-record'
import type { Damage, LateShard } from '#store/chunk-store'
import { type RebuildTarget, rebuildShards } from '#store/rebuild'
import { findChunk, type StoreChange, scanChunks } from '#store/tables'
import { endsWithin } from '#world/patience'

/** A chunk that cannot be made whole now is looked at again after this, or when a node has come or gone. */
export const retryAfterMs = 15_000

export class Repairer {
  readonly #parts: RepairParts
  /** Chunk id in hex → columns known to be damaged (what is missing shows by itself). */
  readonly #queue = new Map<string, Set<number>>()
  readonly #stopped = new AbortController()
  /** Chunks whose repair failed, and on which map: tried again on another one, or after `retryAfterMs`. */
  readonly #failed = new Map<string, number>()
  /** When they are tried again, whatever the map (monotonic ms). */
  #retryAt = 0
  /** Counts nodes that have come or gone. */
  #map = 0
  #wake: (() => void) | undefined
  #running: Promise<void> | undefined
  /** What is being worked on still counts as queued: chunks, and inventories, which may find some. */
  #active = 0

  constructor(parts: RepairParts) {
    this.#parts = parts
    parts.store.onDamage((damage) => this.#enqueueDamage(damage))
    parts.store.onArrival((shard) => this.#recordArrival(shard))
    parts.cluster.onChange(({ node }) => {
      this.#map += 1
      this.#wake?.()
      // A node that is gone concerns the chunks on it; one that is back may take shards of any chunk that is crowded elsewhere.
      void this.takeInventory(node.state === 'down' ? node.number : undefined)
    })
  }

  /**
   * Chunks that wait for a look, are being repaired, or wait for a shard that is late; an inventory under way counts as one. 0: nothing is
   * known to be missing.
   */
  get length(): number {
    return this.#queue.size + this.#active + this.#parts.store.late.chunks
  }

  /** Begins to work the queue off, until `close`. */
  start(): void {
    this.#running ??= this.#run()
  }

  /**
   * Looks for shards that are not where they should be, and queues their chunks: all, or those with a shard on one node. Cheap: it asks
   * nodes for names, not bytes. Never rejects; resolves when the scan is done.
   */
  async takeInventory(only?: number): Promise<void> {
    this.#active += 1
    try {
      for await (const chunk of scanChunks(this.#parts.sql)) {
        if (this.#stopped.signal.aborted) return
        const concerns = only === undefined || chunk.shards.some(({ node }) => node === only)
        if (concerns && (await this.#isAiling(chunk))) this.enqueue(chunk.id)
      }
    } catch (error) {
      this.#parts.telemetry.note('warn', 'repair inventory failed', { error: String(error) })
    } finally {
      this.#active -= 1
    }
  }

  enqueue(chunkId: Uint8Array, damaged: readonly number[] = []): void {
    const id = toHex(chunkId)
    const columns = this.#queue.get(id) ?? new Set()
    for (const column of damaged) columns.add(column)
    this.#queue.set(id, columns)
    this.#wake?.()
  }

  /** Works the queue off once; for programs and tests that wait for repair. What cannot be repaired stays queued. */
  async drain(): Promise<void> {
    for (const [id, damaged] of [...this.#queue]) await this.#repairEntry(id, damaged)
  }

  async close(): Promise<void> {
    this.#stopped.abort()
    this.#wake?.()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      const ready = [...this.#queue].filter(([id]) => this.#failed.get(id) !== this.#map)
      for (const [id, damaged] of ready) await this.#repairEntry(id, damaged)
      if (ready.length === 0) await this.#untilThereIsMore()
    }
  }

  /** Until something is enqueued, a node has come or gone, or failures may be tried again. */
  async #untilThereIsMore(): Promise<void> {
    const woken = Promise.withResolvers<void>()
    this.#wake = woken.resolve
    if (this.#failed.size === 0) return await woken.promise
    const { world } = this.#parts
    const ms = Math.max(0, this.#retryAt - world.monotonic())
    if (!(await endsWithin(world, ms, woken.promise))) this.#failed.clear()
  }

  async #repairEntry(id: string, damaged: Set<number>): Promise<void> {
    if (this.#stopped.signal.aborted) return
    this.#queue.delete(id)
    this.#failed.delete(id)
    this.#active += 1
    const map = this.#map
    try {
      await this.#repair(fromHex(id), damaged)
    } catch (error) {
      if (this.#failed.size === 0) this.#retryAt = this.#parts.world.monotonic() + retryAfterMs
      this.#failed.set(id, map)
      this.#parts.telemetry.note('warn', 'chunk not repaired', { chunk: id, error: String(error) })
      this.enqueue(fromHex(id), [...damaged])
    } finally {
      this.#active -= 1
    }
  }

  /** Takes the columns that were made whole out of `damaged`. Throws when some could not be. */
  async #repair(chunkId: Uint8Array, damaged: Set<number>): Promise<void> {
    const end = this.#parts.store.beginActivity()
    try {
      await this.#makeWhole(chunkId, damaged).catch(async (error) => {
        const areTooFew = isFault(error, 'store/unreadable')
        if (!areTooFew || !(await this.#adoptStrays(chunkId, damaged))) throw error
        await this.#makeWhole(chunkId, damaged)
      })
    } finally {
      end()
    }
  }

  async #makeWhole(chunkId: Uint8Array, damaged: Set<number>): Promise<void> {
    const { sql, store, cluster } = this.#parts
    const chunk = await findChunk(sql, chunkId)
    if (chunk === undefined) return
    const late = new Map(store.late.of(chunkId).map(({ column, node }) => [column, node]))
    const health = await this.#examine(chunk, damaged)
    const moves = planRepair(cluster.epoch(), withShards(chunk, late), (column) =>
      late.has(column) ? 'whole' : (health[column] ?? 'lost'),
    )
    if (moves.length === 0) return
    const { written, failures } = await rebuildShards(store, chunk, {
      targets: this.#targets(moves),
      signal: this.#stopped.signal,
    })
    this.#parts.world.passing('repair/shards-written')
    await this.#record(
      chunk,
      moves.filter(({ column }) => written.includes(column)),
    )
    this.#parts.world.passing('repair/shards-recorded')
    for (const column of written) damaged.delete(column)
    this.#parts.telemetry.repaired({
      shards: written.length,
      bytes: written.length * shardBytes(chunk.shape),
    })
    for (const { error } of failures) throw error
  }

  /** Records shards of the chunk where they lie by chance, when they are not where they should be. True when there were some. */
  async #adoptStrays(chunkId: Uint8Array, damaged: Set<number>): Promise<boolean> {
    const { sql, cluster } = this.#parts
    const chunk = await findChunk(sql, chunkId)
    if (chunk === undefined) return false
    const health = await this.#examine(chunk, damaged)
    const ailing = [...health.keys()].filter((column) => health[column] !== 'whole')
    const strays = await findStrays(cluster, chunk, ailing)
    await this.#record(chunk, strays)
    for (const { column } of strays) damaged.delete(column)
    return strays.length > 0
  }

  #targets(moves: readonly Move[]): readonly RebuildTarget[] {
    return moves.flatMap(({ column, to }) => {
      const node = this.#parts.cluster.node(to)
      return node === undefined ? [] : [{ column, node }]
    })
  }

  /** A shard that was late rests on its node now. Never rejects. */
  async #recordArrival({ chunkId, column, node }: LateShard): Promise<void> {
    this.#active += 1
    try {
      const chunk = await findChunk(this.#parts.sql, chunkId)
      if (chunk !== undefined) await this.#record(chunk, [{ column, to: node }])
    } catch (error) {
      const chunk = toHex(chunkId)
      this.#parts.telemetry.note('warn', 'a late shard was not recorded', { chunk, error })
      this.enqueue(chunkId)
    } finally {
      this.#active -= 1
    }
  }

  /** The shards rest at their new places now; a chunk that was removed meanwhile leaves orphans, which are collected. */
  async #record(chunk: ChunkRecord, moves: readonly Move[]): Promise<void> {
    const moved = moves.filter(({ column, to }) => chunk.shards[column]?.node !== to)
    if (moved.length === 0) return
    await this.#parts.changelog.commit(async (tx) => {
      if ((await findChunk(tx, chunk.id)) === undefined) return
      for (const { column, to } of moved) {
        const change: StoreChange = {
          kind: 'store/shard-moved',
          chunk: toBase64url(chunk.id),
          column,
          node: to,
        }
        await tx.record(change)
      }
    })
  }

  async #examine(chunk: ChunkRecord, damaged: ReadonlySet<number>): Promise<readonly Health[]> {
    return await Promise.all(
      chunk.shards.map(async (place, column): Promise<Health> => {
        if (!(await isInPlace(this.#parts.cluster, place))) return 'lost'
        return damaged.has(column) ? 'damaged' : 'whole'
      }),
    )
  }

  async #isAiling(chunk: ChunkRecord): Promise<boolean> {
    const present = await Promise.all(
      chunk.shards.map((place) => isInPlace(this.#parts.cluster, place)),
    )
    return present.includes(false) || this.#isCrowded(chunk)
  }

  /** Two shards on one node although another could take one: fewer losses are survived than the profile says. */
  #isCrowded(chunk: ChunkRecord): boolean {
    const nodes = new Set(chunk.shards.map(({ node }) => node))
    return (
      nodes.size < chunk.shards.length &&
      this.#parts.cluster.up().some(({ number }) => !nodes.has(number))
    )
  }

  #enqueueDamage({ chunkId, column, reason }: Damage): void {
    this.enqueue(chunkId, reason === 'damaged' ? [column] : [])
  }
}

/** The chunk as it will be when what is late has arrived. */
function withShards(chunk: ChunkRecord, late: ReadonlyMap<number, NodeNumber>): ChunkRecord {
  if (late.size === 0) return chunk
  const shards = chunk.shards.map((place, column) => ({
    ...place,
    node: late.get(column) ?? place.node,
  }))
  return { ...chunk, shards }
}
