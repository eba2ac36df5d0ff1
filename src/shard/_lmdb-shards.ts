/**
 * Shards in LMDB: a record under the id names a number, and the bytes lie in pieces under that number. Pieces go in as they come, so that
 * no shard has to be held in memory; the transaction of the commit makes the record, and with it the shard.
 */
import { FreeSpace, freeForData } from '#disk/free-space'
import { TakingTurns } from '#disk/taking-turns'
import type { LmdbEnvironment } from '#shard/_lmdb-environment'
import {
  LmdbShardWriter,
  pieceBytes,
  pieceKey,
  sweptFault,
  type WrittenShard,
} from '#shard/_lmdb-writer'
import { shardFault } from '#shard/faults'
import { parseShardId, type ShardId } from '#shard/shard-id'
import type { ShardStat, ShardStore, ShardWriter } from '#shard/store'

/** Records read in one go, and pieces: what the event loop waits for. */
const recordsAtOnce = 256
const piecesAtOnce = 16

const numberBytes = 12
const recordBytes = numberBytes + 16

interface Entry {
  readonly number: Uint8Array
  readonly bytes: number
  /** Wall clock, ms. */
  readonly committedAt: number
}

export class LmdbShards implements ShardStore {
  readonly #environment: LmdbEnvironment
  readonly #turns = new TakingTurns<ShardId>()
  readonly #space: FreeSpace
  /**
   * Drawn at each opening: writers of a former one, still at work when a node that was away is opened afresh, find their pieces swept and never
   * name those of others.
   */
  readonly #opening: Uint8Array
  #created = 0
  #shards = 0
  #bytes = 0

  constructor(environment: LmdbEnvironment) {
    this.#environment = environment
    this.#opening = environment.home.world.randomBytes(8)
    this.#space = new FreeSpace(environment.home.world, () => environment.capacity())
  }

  /** Sweeps what was never committed and counts what was. */
  async load(): Promise<void> {
    const { incoming } = this.#environment.tables
    for (const number of [...incoming.getKeys()]) await this.#sweep(number)
    for await (const { bytes } of this.#entries()) {
      this.#shards += 1
      this.#bytes += bytes
    }
  }

  create(): Promise<ShardWriter> {
    return this.#environment.run(async () => {
      this.#created += 1
      return new LmdbShardWriter(this.#environment, {
        number: this.#numberOf(this.#created),
        space: this.#space,
        settle: (id, shard) => this.#settle(id, shard),
      })
    })
  }

  read(
    id: ShardId,
    into: Uint8Array,
    { offset, signal }: { offset: number; signal?: AbortSignal },
  ): Promise<void> {
    const { home } = this.#environment
    return this.#environment.run(async () => {
      signal?.throwIfAborted()
      for (let entry = this.#find(id); entry !== undefined; ) {
        const count = Math.min(into.length, Math.max(0, entry.bytes - offset))
        if (await this.#fill(into.subarray(0, count), { entry, offset })) {
          home.telemetry.shardIo({ node: home.node, direction: 'out', bytes: count })
          if (count === into.length) return
          throw shardFault('shard/short', { node: home.node, id, offset, bytes: count })
        }
        const former = entry
        entry = this.#find(id) // written anew under our hands, or removed
        if (entry !== undefined && isSame(entry.number, former.number))
          throw shardFault('shard/short', { node: home.node, id, offset, bytes: 0 })
      }
      throw shardFault('shard/not-found', { node: home.node, id })
    })
  }

  stat(id: ShardId): Promise<ShardStat | undefined> {
    return this.#environment.run(async () => {
      const entry = this.#find(id)
      return entry && { id, bytes: entry.bytes, committedAt: entry.committedAt }
    })
  }

  remove(
    id: ShardId,
    { committedAt }: { committedAt?: number | undefined } = {},
  ): Promise<boolean> {
    return this.#environment.run(() =>
      this.#turns.run(id, async () => {
        const entry = this.#find(id)
        if (entry === undefined) return false
        if (committedAt !== undefined && entry.committedAt !== committedAt) return false
        const { shards } = this.#environment.tables
        await this.#environment.write(() => {
          void shards.remove(keyOf(id))
          this.#removePieces(entry)
        })
        this.#shards -= 1
        this.#bytes -= entry.bytes
        return true
      }),
    )
  }

  async *list(): AsyncGenerator<ShardStat> {
    for await (const { id, bytes, committedAt } of this.#entries()) yield { id, bytes, committedAt }
  }

  usage(): Promise<{ shards: number; usedBytes: number; freeBytes: number; totalBytes: number }> {
    return this.#environment.run(async () => {
      const capacity = await this.#environment.capacity()
      const freeBytes = freeForData(capacity)
      const { totalBytes } = capacity
      return { shards: this.#shards, usedBytes: this.#bytes, freeBytes, totalBytes }
    })
  }

  /** Nothing of its own is open. */
  async close(): Promise<void> {}

  /**
   * Makes the record, in the transaction that takes the last pieces in. Replaces a shard of that id: the new bytes are known to be right, the
   * old ones may have rotted. In turn with removals, lest both count the same former one.
   */
  #settle(id: ShardId, { number, bytes, isBegun, writeLast }: WrittenShard): Promise<ShardStat> {
    const { home, tables } = this.#environment
    return this.#turns.run(id, async () => {
      const former = this.#find(id)
      const entry = { number, bytes, committedAt: home.world.now() }
      const name = (): void => {
        writeLast()
        void tables.shards.put(keyOf(id), encodeEntry(entry))
        if (former !== undefined) this.#removePieces(former)
        if (isBegun) void tables.incoming.remove(number)
      }
      if (!isBegun) await this.#environment.write(name)
      else if (!(await this.#environment.writeIfIncoming(number, name)))
        throw sweptFault(this.#environment)
      this.#shards += former === undefined ? 1 : 0
      this.#bytes += bytes - (former?.bytes ?? 0)
      return { id, bytes, committedAt: entry.committedAt }
    })
  }

  #numberOf(created: number): Uint8Array {
    const number = new Uint8Array(numberBytes)
    number.set(this.#opening)
    new DataView(number.buffer).setUint32(8, created)
    return number
  }

  #find(id: ShardId): Entry | undefined {
    const record = this.#environment.tables.shards.getBinary(keyOf(id))
    return record && decodeEntry(record)
  }

  /** False when a piece is not there. */
  async #fill(
    into: Uint8Array,
    { entry, offset }: { entry: Entry; offset: number },
  ): Promise<boolean> {
    const { pieces } = this.#environment.tables
    for (let filled = 0; filled < into.length; ) {
      const first = Math.floor((offset + filled) / pieceBytes)
      const end = Math.ceil((offset + into.length) / pieceBytes)
      const ordinals = Array.from(
        { length: Math.min(piecesAtOnce, end - first) },
        (_, at) => first + at,
      )
      const keys = ordinals.map((ordinal) => pieceKey(entry.number, ordinal))
      await pieces.prefetch(keys) // off this thread: a page that is not in memory comes from the disk
      for (const [at, key] of keys.entries()) {
        const piece = pieces.getBinaryFast(key)
        if (piece === undefined) return false
        const from = offset + filled - (first + at) * pieceBytes
        const taken = Math.min(piece.length - from, into.length - filled)
        if (taken <= 0) return false
        into.set(piece.subarray(from, from + taken), filled)
        filled += taken
      }
    }
    return true
  }

  async *#entries(): AsyncGenerator<Entry & { readonly id: ShardId }> {
    const { shards } = this.#environment.tables
    for (let start: Uint8Array = new Uint8Array(1); ; ) {
      const found = await this.#environment.run(async () => [
        ...shards.getRange({ start, limit: recordsAtOnce }),
      ])
      for (const { key, value } of found)
        yield { id: parseShardId(new Uint8Array(key).toHex()), ...decodeEntry(value) }
      const last = found.at(-1)
      if (last === undefined) return
      start = Uint8Array.of(...last.key, 0) // the least key above
    }
  }

  #removePieces({ number, bytes }: Entry): void {
    const { pieces } = this.#environment.tables
    for (let ordinal = 0; ordinal * pieceBytes < bytes; ordinal += 1)
      void pieces.remove(pieceKey(number, ordinal))
  }

  async #sweep(number: Uint8Array): Promise<void> {
    const { pieces, incoming } = this.#environment.tables
    const end = 2 ** 32 - 1
    const keys = [...pieces.getKeys({ start: pieceKey(number, 0), end: pieceKey(number, end) })]
    await this.#environment.run(() =>
      this.#environment.write(() => {
        for (const key of keys) void pieces.remove(key)
        void incoming.remove(number)
      }),
    )
  }
}

function keyOf(id: ShardId): Uint8Array {
  return Uint8Array.fromHex(id)
}

function encodeEntry({ number, bytes, committedAt }: Entry): Uint8Array {
  const record = new Uint8Array(recordBytes)
  record.set(number)
  const view = new DataView(record.buffer)
  view.setBigUint64(numberBytes, BigInt(bytes))
  view.setBigUint64(numberBytes + 8, BigInt(committedAt))
  return record
}

function decodeEntry(record: Uint8Array): Entry {
  const view = new DataView(record.buffer, record.byteOffset, recordBytes)
  return {
    number: record.slice(0, numberBytes),
    bytes: Number(view.getBigUint64(numberBytes)),
    committedAt: Number(view.getBigUint64(numberBytes + 8)),
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
