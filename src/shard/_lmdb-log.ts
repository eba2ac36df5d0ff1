/**
 * Frames in LMDB, in the order of their appends. A frame is as in a segment of files (docs/formats/node.md), without the padding: LMDB checks
 * no page, so its digest finds rot here too.
 */
import type { LmdbEnvironment, Table } from '#shard/_lmdb-environment'
import { encodeFrame, filledBytes, isWholeFrame, payloadOf, peekFrame } from '#shard/log-frame'
import type { NodeLog } from '#shard/store'

/** Keys read in one go, and removed in one transaction: what the event loop waits for. */
const keysAtOnce = 256

interface FramePlace {
  readonly ordinal: number
  readonly first: bigint
  readonly last: bigint
}

interface LogFrame {
  readonly first: bigint
  readonly last: bigint
  readonly frame: Uint8Array
}

export class LmdbLog implements NodeLog {
  readonly #environment: LmdbEnvironment
  readonly #name: 'log' | 'stage'
  readonly #table: Table
  #nextOrdinal = 1
  /** The highest `last` of its whole frames. */
  #highest = 0n

  constructor(environment: LmdbEnvironment, name: 'log' | 'stage') {
    this.#environment = environment
    this.#name = name
    this.#table = environment.tables[name]
  }

  /** Reads every frame once. */
  async load(): Promise<void> {
    for await (const places of this.#places())
      for (const place of places) {
        this.#nextOrdinal = place.ordinal + 1
        const found = await this.#frameAt(place)
        if (found instanceof Uint8Array && place.last > this.#highest) this.#highest = place.last
      }
  }

  append(frame: Uint8Array, { first, last }: { first: bigint; last: bigint }): Promise<void> {
    return this.#environment.run(async () => {
      const place = { ordinal: this.#nextOrdinal, first, last }
      this.#nextOrdinal += 1
      const encoded = encodeFrame(frame, { first, last, page: pageOf(place) })
      const filled = encoded.subarray(0, filledBytes({ payloadBytes: frame.length }))
      await this.#environment.write(() => void this.#table.put(keyOf(place), filled))
      if (last > this.#highest) this.#highest = last
    })
  }

  async *read({ after = 0n }: { after?: bigint } = {}): AsyncGenerator<LogFrame> {
    const { node, telemetry } = this.#environment.home
    for await (const places of this.#places())
      for (const place of places) {
        if (place.last <= after) continue
        const found = await this.#frameAt(place)
        if (found === 'damaged')
          telemetry.damageFound({
            node,
            what: `${this.#name} frame ${place.ordinal}`,
            reason: 'damage',
          })
        else if (found !== 'cut') yield { first: place.first, last: place.last, frame: found }
      }
  }

  async lastSequence(): Promise<bigint> {
    return this.#highest
  }

  /** Keeps the frame of the highest sequence number, so that the node never forgets how far it has come. */
  async cut(sequence: bigint): Promise<void> {
    for await (const places of this.#places()) {
      const cut = places.filter(({ last }) => last <= sequence && last !== this.#highest)
      if (cut.length === 0) continue
      await this.#environment.run(() =>
        this.#environment.write(() => {
          for (const place of cut) void this.#table.remove(keyOf(place))
        }),
      )
    }
  }

  /** Nothing of its own is open. */
  async close(): Promise<void> {}

  /** In order. Only the keys are read. */
  async *#places(): AsyncGenerator<readonly FramePlace[]> {
    for (let start: Uint8Array = new Uint8Array(1); ; ) {
      const keys = await this.#environment.run(async () => [
        ...this.#table.getKeys({ start, limit: keysAtOnce }),
      ])
      const last = keys.at(-1)
      if (last === undefined) return
      yield keys.map(placeOf)
      start = Uint8Array.of(...last, 0) // the least key above
    }
  }

  /** The payload, in memory of its own. */
  #frameAt(place: FramePlace): Promise<Uint8Array | 'damaged' | 'cut'> {
    return this.#environment.run(async () => {
      const key = keyOf(place)
      await this.#table.prefetch([key]) // off this thread: what is not in memory comes from the disk
      const filled = this.#table.getBinary(key)
      if (filled === undefined) return 'cut'
      return isOf(filled, place) ? payloadOf(filled) : 'damaged'
    })
  }
}

function isOf(filled: Uint8Array, place: FramePlace): boolean {
  const header = peekFrame(filled)
  return (
    header !== undefined &&
    header.page === pageOf(place) &&
    filledBytes(header) === filled.length &&
    isWholeFrame(filled)
  )
}

/** What stands in the place of the page of a segment: a frame found under another key is not the frame. */
function pageOf({ ordinal }: Pick<FramePlace, 'ordinal'>): number {
  return ordinal % 2 ** 32
}

function keyOf({ ordinal, first, last }: FramePlace): Uint8Array {
  const key = new Uint8Array(24)
  const view = new DataView(key.buffer)
  view.setBigUint64(0, BigInt(ordinal))
  view.setBigUint64(8, first)
  view.setBigUint64(16, last)
  return key
}

function placeOf(key: Uint8Array): FramePlace {
  const view = new DataView(key.buffer, key.byteOffset, key.length)
  return {
    ordinal: Number(view.getBigUint64(0)),
    first: view.getBigUint64(8),
    last: view.getBigUint64(16),
  }
}
