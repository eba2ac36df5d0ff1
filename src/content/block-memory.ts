/**
 * Memory for blocks, shared with the threads that work on them, and used again: fresh pages cost more than hashing what comes into them, and
 * buffers that are moved from thread to thread make the collector count them each time.
 */

/** What is shorter is not worth keeping. */
const keptBytesMin = 64 * 1024

export class BlockMemory {
  readonly #kept: SharedArrayBuffer[] = []
  readonly #keptMax: number

  /** So many blocks' memory is kept for the next. */
  constructor({ keptMax }: { readonly keptMax: number }) {
    this.#keptMax = keptMax
  }

  /** Holds anything: whoever takes it writes all of it. */
  take(bytes: number): Uint8Array<SharedArrayBuffer> {
    const at = bytes < keptBytesMin ? -1 : this.#kept.findIndex((one) => one.byteLength >= bytes)
    const [buffer = new SharedArrayBuffer(bytes)] = at < 0 ? [] : this.#kept.splice(at, 1)
    return new Uint8Array(buffer, 0, bytes)
  }

  /** What was taken; nobody uses it any more, in any thread. */
  give({ buffer }: Uint8Array<SharedArrayBuffer>): void {
    if (buffer.byteLength < keptBytesMin || this.#kept.includes(buffer)) return
    this.#kept.push(buffer)
    this.#kept.sort((one, other) => other.byteLength - one.byteLength)
    this.#kept.length = Math.min(this.#kept.length, this.#keptMax)
  }
}
