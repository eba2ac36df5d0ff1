import { strict as assert } from 'node:assert'

/** A stream read by counts of bytes. What it returns is a view of a piece where it can be, and good until the next call. */
export class PieceReader {
  readonly #source: AsyncIterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array(0)
  #at = 0
  #hasEnded = false
  /** How many bytes were returned so far. */
  taken = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** The next bytes, at least one and at most `most`; `undefined` at the end. */
  async upTo(most: number): Promise<Uint8Array | undefined> {
    while (this.#at === this.#piece.length) {
      if (this.#hasEnded) return undefined
      const next = await this.#source.next()
      if (next.done === true) {
        this.#hasEnded = true
        return undefined
      }
      this.#piece = next.value
      this.#at = 0
    }
    const bytes = this.#piece.subarray(this.#at, this.#at + most)
    this.#at += bytes.length
    this.taken += bytes.length
    return bytes
  }

  /** `undefined`: the stream ends before. */
  async exactly(count: number): Promise<Uint8Array | undefined> {
    const first = await this.upTo(count)
    if (first === undefined || first.length === count) return first
    const bytes = new Uint8Array(count)
    bytes.set(first)
    for (let at = first.length; at < count; ) {
      const more = await this.upTo(count - at)
      if (more === undefined) return undefined
      bytes.set(more, at)
      at += more.length
    }
    return bytes
  }

  /** The last `count` bytes of what `upTo` returned last are read again. */
  rewind(count: number): void {
    assert(count <= this.#at)
    this.#at -= count
    this.taken -= count
  }

  /** Nobody reads on: the source may let go of what it holds. */
  async close(): Promise<void> {
    if (!this.#hasEnded) await this.#source.return?.()
  }
}
