import { Blake3Hasher, blake3 as hashOnce } from '@napi-rs/blake-hash'

/** BLAKE3 of `bytes`, 32 bytes. https://github.com/BLAKE3-team/BLAKE3-specs */
export function blake3(bytes: Uint8Array): Uint8Array {
  return hashOnce(viewAsBuffer(bytes))
}

/** BLAKE3 over bytes that come in pieces. */
export class Blake3 {
  readonly #hasher = new Blake3Hasher()

  update(bytes: Uint8Array): this {
    this.#hasher.update(viewAsBuffer(bytes))
    return this
  }

  /** 32 bytes. */
  digest(): Uint8Array {
    return this.#hasher.digestBuffer()
  }
}

/** The native binding wants a Buffer; this shares the memory, shared or not. */
function viewAsBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
