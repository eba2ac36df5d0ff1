/** Which shards a node holds, in memory. The directories are the truth: docs/decisions/0003-shard-index.md. */
import type { ShardId } from '#shard/shard-id'

export interface IndexEntry {
  readonly bytes: number
  readonly committedAt: number
}

export class ShardIndex {
  /** One map for each first byte of the id that was seen, as there is one directory: listing in order sorts one of them at a time. */
  readonly #buckets: (Map<ShardId, IndexEntry> | undefined)[] = Array.from({ length: 256 })
  #shards = 0
  #bytes = 0

  get shards(): number {
    return this.#shards
  }

  /** Of all shards together. */
  get bytes(): number {
    return this.#bytes
  }

  get(id: ShardId): IndexEntry | undefined {
    return this.#bucket(id)?.get(id)
  }

  set(id: ShardId, entry: IndexEntry): void {
    this.delete(id)
    const place = placeOf(id)
    const bucket = this.#buckets[place] ?? new Map<ShardId, IndexEntry>()
    this.#buckets[place] = bucket
    bucket.set(id, entry)
    this.#shards += 1
    this.#bytes += entry.bytes
  }

  delete(id: ShardId): void {
    const entry = this.get(id)
    if (entry === undefined) return
    this.#bucket(id)?.delete(id)
    this.#shards -= 1
    this.#bytes -= entry.bytes
  }

  /** In id order, whatever is set or deleted meanwhile. */
  *ids(): Generator<ShardId> {
    for (const bucket of this.#buckets) if (bucket !== undefined) yield* [...bucket.keys()].sort()
  }

  #bucket(id: ShardId): Map<ShardId, IndexEntry> | undefined {
    return this.#buckets[placeOf(id)]
  }
}

function placeOf(id: ShardId): number {
  return Number.parseInt(id.slice(0, 2), 16)
}
