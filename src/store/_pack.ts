/** A pack while it is open: its objects in memory, each whole in one column, until they rest in shards. */
import { strict as assert } from 'node:assert'
import { type Geometry, wholePages } from '#chunk/geometry'
import type { StagedObject } from '#store/stage-frame'

export class Pack {
  readonly id: Uint8Array
  readonly geometry: Geometry
  /** Data columns, one after another, `blockBytes` each. */
  readonly #content: Buffer
  readonly #filled: number[]
  /** Number of the first stage frame that holds something of it; none yet: `undefined`. */
  firstFrame: bigint | undefined

  constructor(id: Uint8Array, geometry: Geometry) {
    this.id = id
    this.geometry = geometry
    this.#content = Buffer.alloc(geometry.profile.data * geometry.blockBytes)
    this.#filled = Array.from({ length: geometry.profile.data }, () => 0)
  }

  get isEmpty(): boolean {
    return this.#filled.every((bytes) => bytes === 0)
  }

  /** Bytes of each of its blocks, were it closed now: whole pages, the same for all columns. */
  get columnBytes(): number {
    return wholePages(Math.max(...this.#filled))
  }

  /** Gives the object a place in the emptiest column; `undefined` when it fits in none. */
  place(sealed: Uint8Array): number | undefined {
    const least = Math.min(...this.#filled)
    if (least + sealed.length > this.geometry.blockBytes) return undefined
    const offset = this.#filled.indexOf(least) * this.geometry.blockBytes + least
    this.put({ offset, sealed })
    return offset
  }

  /** Puts an object where it has been before. */
  put({ offset, sealed }: StagedObject): void {
    const { blockBytes } = this.geometry
    const column = Math.floor(offset / blockBytes)
    const end = offset - column * blockBytes + sealed.length
    assert(column < this.#filled.length && end <= blockBytes)
    this.#content.set(sealed, offset)
    this.#filled[column] = Math.max(this.#filled[column] ?? 0, end)
  }

  /** What lies there, which the caller must not change: a view. */
  at(offset: number, bytes: number): Uint8Array {
    return this.#content.subarray(offset, offset + bytes)
  }

  /** The first `columnBytes` of a data column. */
  column(index: number): Uint8Array {
    const start = index * this.geometry.blockBytes
    return this.#content.subarray(start, start + this.columnBytes)
  }
}
