/**
 * Replayable chance: the generator sfc32 of PractRand (Chris Doty-Humphrey), seeded from text. Fast, 128 bits of state,
 * the same sequence on every machine. Not for keys.
 */
export class Generator {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: string) {
    this.#a = hash(seed, 0x9e3779b9)
    this.#b = hash(seed, 0x243f6a88)
    this.#c = hash(seed, 0xb7e15162)
    for (let round = 0; round < 12; round += 1) this.next()
  }

  /** An integer in [0, 2^32). */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A number in [0, 1). */
  random(): number {
    return this.next() / 2 ** 32
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index += 4) {
      const word = this.next()
      for (let at = index; at < Math.min(index + 4, length); at += 1)
        bytes[at] = word >>> (8 * (at - index))
    }
    return bytes
  }
}

/** FNV-1a over UTF-16 units from a chosen basis, then the finalizer of MurmurHash3: enough to tell seeds apart. */
function hash(text: string, basis: number): number {
  let state = basis
  for (let index = 0; index < text.length; index += 1)
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193)
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return state ^ (state >>> 16)
}
