/** A shard on its way into LMDB: collected into pieces in memory, of which only so many are held. */
import assert from 'node:assert'
import { directAlignment } from '#disk/disk'
import type { FreeSpace } from '#disk/free-space'
import { type LmdbEnvironment, lmdbPageHeaderBytes } from '#shard/_lmdb-environment'
import { lmdbPageBytes } from '#shard/_lmdb-path'
import { shardFault } from '#shard/faults'
import type { ShardId } from '#shard/shard-id'
import type { ShardStat, ShardWriter } from '#shard/store'

/**
 * A value that fills its 16 pages to the last byte. Larger ones copy less often when whole shards are read and more when a part of one is; LMDB
 * also needs the pages of a value in a row.
 */
export const pieceBytes = 16 * lmdbPageBytes - lmdbPageHeaderBytes

/** What a shard that is being written holds in memory; a smaller one is written in the one transaction of its commit. */
const heldPiecesMax = 16

export function pieceKey(number: Uint8Array, ordinal: number): Uint8Array {
  const key = new Uint8Array(number.length + 4)
  key.set(number)
  new DataView(key.buffer).setUint32(number.length, ordinal)
  return key
}

/** What a writer hands over to be named. */
export interface WrittenShard {
  readonly number: Uint8Array
  readonly bytes: number
  /** Some pieces are in the environment already, and `incoming` tells. */
  readonly isBegun: boolean
  /** Puts those that are not; for the transaction that names the shard. */
  readonly writeLast: () => void
}

export class LmdbShardWriter implements ShardWriter {
  readonly #environment: LmdbEnvironment
  readonly #number: Uint8Array
  readonly #space: FreeSpace
  readonly #settle: (id: ShardId, shard: WrittenShard) => Promise<ShardStat>
  /** By ordinal, the one touched last at the end; each of `pieceBytes`. */
  readonly #held = new Map<number, Uint8Array>()
  readonly #stored = new Set<number>()
  /** Writes and stores, one after another: a piece that is on its way must not be touched. */
  #last: Promise<unknown> = Promise.resolve()
  #bytes = 0
  #isOpen = true

  constructor(
    environment: LmdbEnvironment,
    {
      number,
      space,
      settle,
    }: {
      readonly number: Uint8Array
      readonly space: FreeSpace
      readonly settle: (id: ShardId, shard: WrittenShard) => Promise<ShardStat>
    },
  ) {
    this.#environment = environment
    this.#number = number
    this.#space = space
    this.#settle = settle
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    assert(this.#isOpen, 'the shard is already committed or aborted')
    assert(offset % directAlignment === 0 && bytes.length % directAlignment === 0)
    const write = (): Promise<void> => this.#take(bytes, offset)
    await this.#inTurn(() => this.#environment.run(() => this.#space.spend(bytes.length, write)))
    const { node, telemetry } = this.#environment.home
    telemetry.shardIo({ node, direction: 'in', bytes: bytes.length })
  }

  async commit(id: ShardId): Promise<ShardStat> {
    assert(this.#isOpen, 'the shard is already committed or aborted')
    this.#isOpen = false
    try {
      return await this.#inTurn(() => this.#environment.run(() => this.#name(id)))
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

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => {})
    return mine
  }

  async #take(bytes: Uint8Array, offset: number): Promise<void> {
    for (let taken = 0; taken < bytes.length; ) {
      const ordinal = Math.floor((offset + taken) / pieceBytes)
      const from = offset + taken - ordinal * pieceBytes
      const count = Math.min(pieceBytes - from, bytes.length - taken)
      this.#piece(ordinal).set(bytes.subarray(taken, taken + count), from)
      taken += count
    }
    this.#bytes = Math.max(this.#bytes, offset + bytes.length)
    if (this.#held.size > heldPiecesMax) await this.#store()
  }

  /** Takes one back that was stored before its last part came. */
  #piece(ordinal: number): Uint8Array {
    const known = this.#held.get(ordinal) ?? this.#fetch(ordinal) ?? new Uint8Array(pieceBytes)
    this.#held.delete(ordinal)
    this.#held.set(ordinal, known)
    return known
  }

  #fetch(ordinal: number): Uint8Array | undefined {
    if (!this.#stored.has(ordinal)) return undefined
    return this.#environment.tables.pieces.getBinary(pieceKey(this.#number, ordinal))
  }

  /** All but the one touched last, of which more is to come. */
  async #store(): Promise<void> {
    const { pieces, incoming } = this.#environment.tables
    const going = [...this.#held].slice(0, -1)
    const put = (): void => {
      for (const [ordinal, piece] of going) void pieces.put(pieceKey(this.#number, ordinal), piece)
    }
    if (this.#stored.size > 0) {
      if (!(await this.#environment.writeIfIncoming(this.#number, put)))
        throw sweptFault(this.#environment)
    } else
      await this.#environment.write(() => {
        void incoming.put(this.#number, new Uint8Array(1), 1)
        put()
      })
    for (const [ordinal] of going) {
      this.#stored.add(ordinal)
      this.#held.delete(ordinal)
    }
  }

  #name(id: ShardId): Promise<ShardStat> {
    const { pieces } = this.#environment.tables
    const count = Math.ceil(this.#bytes / pieceBytes)
    for (let ordinal = 0; ordinal < count; ordinal += 1)
      assert(this.#held.has(ordinal) || this.#stored.has(ordinal), 'the shard has a hole')
    return this.#settle(id, {
      number: this.#number,
      bytes: this.#bytes,
      isBegun: this.#stored.size > 0,
      writeLast: () => {
        for (const [ordinal, piece] of this.#held) {
          const end = Math.min(pieceBytes, this.#bytes - ordinal * pieceBytes)
          void pieces.put(pieceKey(this.#number, ordinal), piece.subarray(0, end))
        }
      },
    })
  }

  /** Best effort: what stays is swept when the node opens. */
  async #drop(): Promise<void> {
    await this.#last
    this.#held.clear()
    if (this.#stored.size === 0) return
    const { pieces, incoming } = this.#environment.tables
    const drop = (): void => {
      for (const ordinal of this.#stored) void pieces.remove(pieceKey(this.#number, ordinal))
      void incoming.remove(this.#number)
    }
    await this.#environment
      .run(() => this.#environment.writeIfIncoming(this.#number, drop))
      .catch(() => {})
  }
}

/** The node was opened afresh meanwhile, and what had no name then was garbage. */
export function sweptFault({ home }: LmdbEnvironment): Error {
  return shardFault('shard/io', { node: home.node, reason: 'swept' })
}
