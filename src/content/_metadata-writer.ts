/** Writes the primitives of docs/formats/cdn-meta.md into memory that grows. Trusts what it is given. */

const utf8 = new TextEncoder()
const firstBytes = 1024

export class MetadataWriter {
  #bytes = new Uint8Array(firstBytes)
  #view = new DataView(this.#bytes.buffer)
  #used = 0

  u8(value: number): void {
    const at = this.#take(1)
    this.#view.setUint8(at, value)
  }

  u16(value: number): void {
    const at = this.#take(2)
    this.#view.setUint16(at, value)
  }

  u32(value: number): void {
    const at = this.#take(4)
    this.#view.setUint32(at, value)
  }

  u64(value: number): void {
    const at = this.#take(8)
    this.#view.setBigUint64(at, BigInt(value))
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#take(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Returns how many bytes the text takes. */
  text(text: string): { readonly bytes: number } {
    const bytes = utf8.encode(text)
    this.u64(bytes.length)
    this.bytes(bytes)
    return { bytes: bytes.length }
  }

  option<Value>(value: Value | undefined, write: (value: Value) => void): void {
    this.u8(value === undefined ? 0 : 1)
    if (value !== undefined) write(value)
  }

  list<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.u64(items.length)
    for (const item of items) write(item)
  }

  /** All that was written, in memory of its own. */
  written(): Uint8Array {
    return this.#bytes.slice(0, this.#used)
  }

  /** Room for so many bytes: first this, then `#bytes` and `#view`, which may be others by then. */
  #take(length: number): number {
    const at = this.#used
    this.#used += length
    if (this.#used > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#used, 2 * this.#bytes.length))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }
}
