/**
 * Reads the primitives of docs/formats/cdn-meta.md. A count or length is compared with the bytes that are left before it is used, so that
 * memory and time follow the input's size, whatever it claims. Whatever does not fit is `content/metadata-malformed`.
 */
import { contentFault } from '#content/faults'
import type { Fault } from '#fault/fault'

/** A byte-order mark is part of the text: what is read must be written again as it was. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class MetadataReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at: number

  /** The bytes are the caller's and only read; what is returned is in memory of its own. */
  constructor(bytes: Uint8Array, at: number) {
    // Not the input itself: a Buffer's slices would share its memory.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = at
  }

  fault(reason: string): Fault {
    return contentFault('content/metadata-malformed', { at: this.#at, reason })
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  /** A number of 64 bits that must be one JavaScript counts with. */
  u64(): number {
    const at = this.#take(8)
    const value = this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4)
    if (!Number.isSafeInteger(value)) throw this.fault('a number is beyond 2^53')
    return value
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.slice(at, at + length)
  }

  skip(length: number): void {
    this.#take(length)
  }

  text({ what, bytesMax }: { readonly what: string; readonly bytesMax: number }): string {
    const length = this.u64()
    if (length > bytesMax) throw this.fault(`${what} of ${length} bytes: at most ${bytesMax}`)
    const bytes = this.bytes(length)
    try {
      return utf8.decode(bytes)
    } catch {
      throw this.fault(`${what} is no UTF-8`)
    }
  }

  /** Which of `count` alternatives follows. */
  variant(what: string, count: number): number {
    const variant = this.#view.getUint32(this.#take(4))
    if (variant >= count) throw this.fault(`unknown ${what} ${variant}`)
    return variant
  }

  option<Value>(read: () => Value): Value | undefined {
    const isThere = this.#view.getUint8(this.#take(1))
    if (isThere > 1) throw this.fault(`${isThere} where something is there (1) or not (0)`)
    return isThere === 1 ? read() : undefined
  }

  /** As many as it says, each of at least `bytesMin`. */
  list<Item>(
    { what, bytesMin }: { readonly what: string; readonly bytesMin: number },
    read: (index: number) => Item,
  ): Item[] {
    const count = this.u64()
    if (count > this.#left / bytesMin) {
      throw this.fault(`${count} ${what} cannot lie in the ${this.#left} bytes that are left`)
    }
    const items: Item[] = []
    for (let index = 0; index < count; index += 1) items.push(read(index))
    return items
  }

  end(): void {
    if (this.#left > 0) throw this.fault(`${this.#left} bytes are left over`)
  }

  get #left(): number {
    return this.#bytes.length - this.#at
  }

  #take(length: number): number {
    if (length > this.#left) {
      throw this.fault(`it ends ${length - this.#left} bytes too early`)
    }
    const at = this.#at
    this.#at += length
    return at
  }
}
