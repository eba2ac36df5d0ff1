/**
 * Shards as files, one each, under their ids. A shard is written to `incoming/`, synced, and renamed into place; its
 * directory is then synced. `incoming/` is not: after a power cut the old name may be back beside the new one, and is
 * swept when the node opens, which takes one of two names and leaves the shard.
 */
import assert from 'node:assert'
import { type DiskFile, directAlignment } from '#disk/disk'
import { type FreeSpace, freeForData } from '#disk/free-space'
import { TakingTurns } from '#disk/taking-turns'
import { isFault } from '#fault/fault'
import type { NodeHome } from '#shard/_home'
import { ShardIndex } from '#shard/_shard-index'
import { shardFault } from '#shard/faults'
import type { OpenHandles } from '#shard/open-handles'
import { parseShardId, type ShardId } from '#shard/shard-id'
import type { ShardStat, ShardStore, ShardWriter } from '#shard/store'

/** Stats in flight while the directories are read at open. */
const scanBatch = 64

export class DiskShards implements ShardStore {
  readonly #home: NodeHome
  readonly #index = new ShardIndex()
  readonly #turns = new TakingTurns<ShardId>()
  readonly #directories = new Map<string, Promise<void>>()
  readonly #handles: OpenHandles
  /**
   * Drawn at each opening. A node that was away for a moment is opened afresh while writers of the former opening may still be at work:
   * under names of their own they find their files swept, and never name those of others.
   */
  readonly #opening: string
  #created = 0
  readonly #space: FreeSpace

  constructor(
    home: NodeHome,
    { space, handles }: { readonly space: FreeSpace; readonly handles: OpenHandles },
  ) {
    this.#home = home
    this.#space = space
    this.#handles = handles
    this.#opening = home.world.randomBytes(8).toHex()
  }

  /** Sweeps what was never committed and learns what was. */
  async load(): Promise<void> {
    const { disk } = this.#home
    for (const name of await disk.list('incoming')) await disk.remove(`incoming/${name}`)
    await disk.syncDirectory('shards') // directories that a killed process made and did not sync
    for (const name of await disk.list('shards')) {
      if (!/^[0-9a-f]{2}$/.test(name)) continue
      this.#directories.set(`shards/${name}`, Promise.resolve())
      await this.#loadDirectory(`shards/${name}`)
    }
  }

  create(): Promise<ShardWriter> {
    return this.#home.guard(async () => {
      this.#created += 1
      const path = `incoming/${this.#opening}-${this.#created}`
      const file = await this.#home.disk.create(path, { direct: true })
      return new DiskShardWriter(this.#home, {
        path,
        file,
        space: this.#space,
        prepare: (id) => void this.#makeDirectory(directoryOf(id)).catch(() => {}), // `settle` asks again
        settle: (id, bytes) => this.#settle(id, { path, bytes }),
      })
    })
  }

  async read(
    id: ShardId,
    into: Uint8Array,
    { offset, signal }: { offset: number; signal?: AbortSignal },
  ): Promise<void> {
    signal?.throwIfAborted()
    const entry = this.#index.get(id)
    if (entry === undefined) throw shardFault('shard/not-found', { node: this.#home.node, id })
    const count = await this.#home.guard(async () => {
      try {
        // Through the cache: measured with 256 KiB blocks, a first read is as fast as a direct one (0.7 to 1.3 GB/s, the device), a
        // second one four times as fast, and the ranges of a last stripe are unaligned anyway.
        return await this.#handles.use(this.#handleOf(id), {
          open: () => this.#home.disk.open(pathOf(id)),
          work: (file) => file.read(into, offset),
        })
      } catch (error) {
        if (isFault(error, 'disk/not-found')) await this.#forgetMissing(id, entry)
        throw error
      }
    })
    this.#home.telemetry.shardIo({ node: this.#home.node, direction: 'out', bytes: count })
    if (count < into.length)
      throw shardFault('shard/short', { node: this.#home.node, id, offset, bytes: count })
  }

  async stat(id: ShardId): Promise<ShardStat | undefined> {
    const entry = this.#index.get(id)
    return entry && { id, ...entry }
  }

  remove(
    id: ShardId,
    { committedAt }: { committedAt?: number | undefined } = {},
  ): Promise<boolean> {
    return this.#home.guard(() =>
      this.#turns.run(id, async () => {
        if (committedAt !== undefined && this.#index.get(id)?.committedAt !== committedAt)
          return false
        this.#index.delete(id)
        await this.#handles.drop(this.#handleOf(id))
        const existed = await this.#home.disk.remove(pathOf(id))
        // Also when there was none: a former removal may have failed before its sync.
        const made = this.#directories.get(directoryOf(id))
        await made // by somebody who commits another shard right now
        if (made !== undefined) await this.#home.disk.syncDirectory(directoryOf(id))
        return existed
      }),
    )
  }

  async *list(): AsyncGenerator<ShardStat> {
    for (const id of this.#index.ids()) {
      const entry = this.#index.get(id)
      if (entry !== undefined) yield { id, ...entry }
    }
  }

  usage(): Promise<{ shards: number; usedBytes: number; freeBytes: number; totalBytes: number }> {
    return this.#home.guard(async () => {
      const capacity = await this.#home.disk.capacity()
      const { shards, bytes } = this.#index
      const freeBytes = freeForData(capacity)
      return { shards, usedBytes: bytes, freeBytes, totalBytes: capacity.totalBytes }
    })
  }

  async close(): Promise<void> {
    await this.#handles.dropAll(this.#handleOf(''))
  }

  /** All nodes share the handles. */
  #handleOf(id: ShardId | ''): string {
    return `${this.#opening} ${id}`
  }

  async #loadDirectory(directory: string): Promise<void> {
    const { disk } = this.#home
    const names = await disk.list(directory)
    for (let start = 0; start < names.length; start += scanBatch)
      await Promise.all(
        names.slice(start, start + scanBatch).map(async (name) => {
          if (!/^[0-9a-f]{64}$/.test(name) || !directory.endsWith(name.slice(0, 2))) return
          const stats = await disk.stat(`${directory}/${name}`)
          if (stats === undefined) return
          this.#index.set(parseShardId(name), {
            bytes: stats.bytes,
            committedAt: stats.modifiedAt,
          })
        }),
      )
    // A process killed between a rename and its sync left names that only now become durable.
    if (names.length > 0) await disk.syncDirectory(directory)
  }

  /**
   * Names synced bytes. Replaces a file of that id: the new bytes are known to be right, the old ones may have rotted.
   * In turn with removals, lest one of them deletes the file that this has just named.
   */
  #settle(id: ShardId, { path, bytes }: { path: string; bytes: number }): Promise<ShardStat> {
    return this.#turns.run(id, async () => {
      const { disk, world } = this.#home
      await this.#makeDirectory(directoryOf(id))
      await disk.rename(path, pathOf(id))
      void this.#handles.drop(this.#handleOf(id)) // a handle of the replaced file, whose bytes may be wrong; its readers finish undisturbed
      world.passing('shard/named')
      await disk.syncDirectory(directoryOf(id))
      const entry = { bytes, committedAt: world.now() }
      this.#index.set(id, entry)
      return { id, ...entry }
    })
  }

  #makeDirectory(directory: string): Promise<void> {
    const known = this.#directories.get(directory)
    if (known !== undefined) return known
    // Made when first needed: 256 in each of 14 nodes are most of the processor time of a store's first start, on some file systems.
    // A lost node must not be made again by the way.
    const made = this.#home.disk.makeDirectory(directory, { parents: false })
    this.#directories.set(directory, made)
    made.catch(() => this.#directories.delete(directory))
    return made
  }

  /** The file is gone though nobody removed it here: one lost shard, unless the whole node is lost. */
  async #forgetMissing(id: ShardId, entry: object): Promise<never> {
    const { node, telemetry } = this.#home
    await this.#home.probe()
    if (this.#index.get(id) === entry) {
      this.#index.delete(id)
      telemetry.damageFound({ node, what: `shard ${id}`, reason: 'missing' })
    }
    throw shardFault('shard/not-found', { node, id })
  }
}

class DiskShardWriter implements ShardWriter {
  readonly #home: NodeHome
  readonly #space: FreeSpace
  readonly #file: DiskFile
  readonly #path: string
  readonly #prepare: (id: ShardId) => void
  readonly #settle: (id: ShardId, bytes: number) => Promise<ShardStat>
  #bytes = 0
  #isOpen = true

  constructor(
    home: NodeHome,
    {
      path,
      file,
      space,
      prepare,
      settle,
    }: {
      readonly path: string
      readonly file: DiskFile
      readonly space: FreeSpace
      readonly prepare: (id: ShardId) => void
      readonly settle: (id: ShardId, bytes: number) => Promise<ShardStat>
    },
  ) {
    this.#home = home
    this.#path = path
    this.#file = file
    this.#space = space
    this.#prepare = prepare
    this.#settle = settle
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    assert(this.#isOpen, 'the shard is already committed or aborted')
    assert(offset % directAlignment === 0 && bytes.length % directAlignment === 0)
    const write = (): Promise<void> => this.#file.write(bytes, offset)
    await this.#home.guard(() => this.#space.spend(bytes.length, write))
    this.#bytes = Math.max(this.#bytes, offset + bytes.length)
    this.#home.telemetry.shardIo({
      node: this.#home.node,
      direction: 'in',
      bytes: bytes.length,
    })
  }

  async commit(id: ShardId): Promise<ShardStat> {
    assert(this.#isOpen, 'the shard is already committed or aborted')
    this.#isOpen = false
    try {
      return await this.#home.guard(async () => {
        this.#prepare(id) // while the bytes are synced: the first shard of a directory waits no longer than others
        await this.#file.sync()
        const closed = this.#file.close().catch(() => {}) // what counts was synced
        const stat = await this.#settle(id, this.#bytes)
        await closed
        return stat
      })
    } catch (error) {
      await this.#drop()
      throw error
    }
  }

  async abort(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#drop()
  }

  /** Best effort: what stays is swept when the node opens. */
  async #drop(): Promise<void> {
    await this.#file.close().catch(() => {})
    await this.#home.disk.remove(this.#path).catch(() => {})
  }
}

function directoryOf(id: ShardId): string {
  return `shards/${id.slice(0, 2)}`
}

function pathOf(id: ShardId): string {
  return `${directoryOf(id)}/${id}`
}
