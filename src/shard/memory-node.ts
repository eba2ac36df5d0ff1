/** A storage node in memory: what tests and short-lived stores use. Nothing survives the process. */
import assert from 'node:assert'
import { directAlignment } from '#disk/disk'
import { assertFileName } from '#shard/_file-name'
import { highestLast } from '#shard/_sequence'
import { shardFault } from '#shard/faults'
import { assertRange } from '#shard/log-frame'
import type { ShardId } from '#shard/shard-id'
import type {
  NodeFiles,
  NodeLog,
  NodeStores,
  ShardStat,
  ShardStore,
  ShardWriter,
} from '#shard/store'
import type { World } from '#world/world'

const capacityBytesDefault = 1024 ** 4

/** `capacityBytes` bounds the shards alone; past it writes fail with `shard/node-full`. */
export function openMemoryNode({
  world,
  capacityBytes = capacityBytesDefault,
}: {
  readonly world: World
  readonly capacityBytes?: number
}): NodeStores {
  return {
    shards: new MemoryShards(world, capacityBytes),
    log: new MemoryLog(),
    stage: new MemoryLog(),
    files: openFiles(),
    async probe() {},
    async close() {},
  }
}

interface MemoryShard {
  readonly bytes: Uint8Array
  readonly committedAt: number
}

/** Written bytes count as used from the first write, as they do on a disk. */
class MemoryShards implements ShardStore {
  readonly #world: World
  readonly #capacityBytes: number
  readonly #shards = new Map<ShardId, MemoryShard>()
  #usedBytes = 0
  #openBytes = 0

  constructor(world: World, capacityBytes: number) {
    this.#world = world
    this.#capacityBytes = capacityBytes
  }

  async create(): Promise<ShardWriter> {
    return new MemoryShardWriter({
      grow: (bytes) => {
        this.#requireRoom(bytes)
        this.#openBytes += bytes
      },
      shrink: (bytes) => {
        this.#openBytes -= bytes
      },
      settle: (id, bytes) => this.#settle(id, bytes),
    })
  }

  async read(
    id: ShardId,
    into: Uint8Array,
    { offset, signal }: { offset: number; signal?: AbortSignal },
  ): Promise<void> {
    signal?.throwIfAborted()
    const shard = this.#shards.get(id)
    if (shard === undefined) throw shardFault('shard/not-found', { id })
    const found = shard.bytes.subarray(offset, offset + into.length)
    into.set(found)
    if (found.length < into.length)
      throw shardFault('shard/short', { id, offset, bytes: found.length })
  }

  async stat(id: ShardId): Promise<ShardStat | undefined> {
    const shard = this.#shards.get(id)
    return shard && { id, bytes: shard.bytes.length, committedAt: shard.committedAt }
  }

  async remove(
    id: ShardId,
    { committedAt }: { committedAt?: number | undefined } = {},
  ): Promise<boolean> {
    const shard = this.#shards.get(id)
    if (committedAt !== undefined && shard?.committedAt !== committedAt) return false
    this.#usedBytes -= shard?.bytes.length ?? 0
    return this.#shards.delete(id)
  }

  async *list(): AsyncGenerator<ShardStat> {
    for (const id of [...this.#shards.keys()].sort()) {
      const stat = await this.stat(id)
      if (stat !== undefined) yield stat
    }
  }

  async usage(): Promise<{
    shards: number
    usedBytes: number
    freeBytes: number
    totalBytes: number
  }> {
    return {
      shards: this.#shards.size,
      usedBytes: this.#usedBytes,
      freeBytes: this.#capacityBytes - this.#usedBytes - this.#openBytes,
      totalBytes: this.#capacityBytes,
    }
  }

  async close(): Promise<void> {}

  #settle(id: ShardId, bytes: Uint8Array): ShardStat {
    const committedAt = this.#world.now()
    this.#usedBytes += bytes.length - (this.#shards.get(id)?.bytes.length ?? 0)
    this.#openBytes -= bytes.length
    this.#shards.set(id, { bytes, committedAt })
    return { id, bytes: bytes.length, committedAt }
  }

  #requireRoom(bytes: number): void {
    const freeBytes = this.#capacityBytes - this.#usedBytes - this.#openBytes
    if (freeBytes < bytes) throw shardFault('shard/node-full', { freeBytes, wantedBytes: bytes })
  }
}

/** What a writer asks of its store. */
interface Shelf {
  grow(bytes: number): void
  shrink(bytes: number): void
  settle(id: ShardId, bytes: Uint8Array): ShardStat
}

class MemoryShardWriter implements ShardWriter {
  readonly #shelf: Shelf
  #memory = new Uint8Array(64 * 1024)
  #bytes = 0
  #isOpen = true

  constructor(shelf: Shelf) {
    this.#shelf = shelf
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    assert(this.#isOpen, 'the shard is already committed or aborted')
    assert(offset % directAlignment === 0 && bytes.length % directAlignment === 0)
    const end = Math.max(this.#bytes, offset + bytes.length)
    this.#shelf.grow(end - this.#bytes)
    this.#bytes = end
    if (end > this.#memory.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#memory.length))
      larger.set(this.#memory)
      this.#memory = larger
    }
    this.#memory.set(bytes, offset)
  }

  async commit(id: ShardId): Promise<ShardStat> {
    assert(this.#isOpen, 'the shard is already committed or aborted')
    this.#isOpen = false
    return this.#shelf.settle(id, this.#memory.slice(0, this.#bytes))
  }

  async abort(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#shelf.shrink(this.#bytes)
  }
}

interface MemoryFrame {
  readonly first: bigint
  readonly last: bigint
  readonly frame: Uint8Array
}

class MemoryLog implements NodeLog {
  #frames: MemoryFrame[] = []

  async append(frame: Uint8Array, { first, last }: { first: bigint; last: bigint }): Promise<void> {
    assertRange({ first, last })
    this.#frames.push({ first, last, frame: new Uint8Array(frame) })
  }

  async *read({ after = 0n }: { after?: bigint } = {}): AsyncGenerator<MemoryFrame> {
    for (const found of [...this.#frames])
      if (found.last > after) yield { ...found, frame: new Uint8Array(found.frame) }
  }

  async lastSequence(): Promise<bigint> {
    return highestLast(this.#frames)
  }

  /** Keeps the frame of the highest sequence number, as a disk does. */
  async cut(sequence: bigint): Promise<void> {
    const highest = await this.lastSequence()
    this.#frames = this.#frames.filter(({ last }) => last > sequence || last === highest)
  }

  async close(): Promise<void> {}
}

function openFiles(): NodeFiles {
  const files = new Map<string, Uint8Array<ArrayBuffer>>()
  return {
    async read(name) {
      assertFileName(name)
      return files.get(name)?.slice()
    },
    async write(name, bytes) {
      assertFileName(name)
      files.set(name, new Uint8Array(bytes))
    },
    async remove(name) {
      assertFileName(name)
      return files.delete(name)
    },
  }
}
