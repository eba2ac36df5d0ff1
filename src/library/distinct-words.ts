/** The words of long texts, each once: what a search index is given. */
import { wordCharsMax, wordsOf } from '#library/words'

/** In the order of their first time, as many as fit `charsMax` with a space behind each. */
export function distinctWords(texts: Iterable<string>, charsMax: number): readonly string[] {
  const words = new DistinctWords(charsMax)
  for (const text of texts) if (!words.add(text)) break
  return words.all()
}

const asciiChars = 128
/** By character: its lower case where it stands in words, else 0. */
const wordBytes = Uint8Array.from({ length: asciiChars }, (_, code) =>
  /[a-z\d]/i.test(String.fromCharCode(code))
    ? String.fromCharCode(code).toLowerCase().charCodeAt(0)
    : 0,
)
/** FNV-1a, 32 bits. */
const hashStart = 0x811c9dc5
const hashFactor = 0x01000193

/** Nearly all words of nearly all texts are in ASCII and were there before: these are found in a hash table of bytes, and no string is made of them. */
export class DistinctWords {
  readonly #charsMax: number
  #chars = 0
  #isFull = false
  readonly #words: string[] = []
  /** Words that are not ASCII. */
  readonly #others = new Set<string>()
  /** Words in ASCII, one after the other, each with a space behind it. */
  readonly #bytes: Uint8Array
  #end = 0
  /** By hash: where a word begins in `#bytes`, and 1; 0 where there is none. At most half full: a word takes two bytes. */
  readonly #slots: Int32Array
  #text = Buffer.alloc(0)

  constructor(charsMax: number) {
    this.#charsMax = charsMax
    this.#bytes = new Uint8Array(charsMax)
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, charsMax))))
  }

  all(): readonly string[] {
    return this.#words
  }

  /** No word goes over the end of a text. False when no more fit. */
  add(text: string): boolean {
    if (this.#isFull) return false
    if (isAscii(text)) return this.#addAscii(text)
    // What stands in another line changes no word of this one.
    for (const line of text.split('\n')) {
      if (isAscii(line)) {
        if (!this.#addAscii(line)) return false
        continue
      }
      for (const word of wordsOf(line))
        if (isAscii(word) ? !this.#addAscii(word) : !this.#addOther(word)) return false
    }
    return true
  }

  #addOther(word: string): boolean {
    if (this.#others.has(word)) return true
    this.#others.add(word)
    return this.#take(word)
  }

  #take(word: string): boolean {
    if (this.#isFull || this.#chars + word.length + 1 > this.#charsMax) {
      this.#isFull = true
      return false
    }
    this.#chars += word.length + 1
    this.#words.push(word)
    return true
  }

  #addAscii(ascii: string): boolean {
    if (this.#text.length < ascii.length) this.#text = Buffer.alloc(ascii.length * 2)
    const text = this.#text
    text.write(ascii, 0, ascii.length, 'latin1')
    let at = 0
    while (at < ascii.length) {
      const start = at
      let hash = hashStart
      for (; at < ascii.length; at += 1) {
        const byte = wordBytes[text[at] as number] as number // there is one for each
        if (byte === 0) break
        text[at] = byte
        if (at - start < wordCharsMax) hash = Math.imul(hash ^ byte, hashFactor)
      }
      const end = Math.min(at, start + wordCharsMax)
      if (end > start && !this.#addWord(hash, start, end)) return false
      at += 1
    }
    return true
  }

  /** Of `#text`, in lower case by now. */
  #addWord(hash: number, start: number, end: number): boolean {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = (hash ^ (hash >>> 15)) & mask
    for (; slots[slot] !== 0; slot = (slot + 1) & mask)
      if (this.#isAt((slots[slot] as number) - 1, start, end)) return true
    const word = this.#text.toString('latin1', start, end)
    if (!this.#take(word)) return false
    slots[slot] = this.#end + 1
    this.#bytes.set(this.#text.subarray(start, end), this.#end)
    this.#end += word.length
    this.#bytes[this.#end] = space
    this.#end += 1
    return true
  }

  #isAt(place: number, start: number, end: number): boolean {
    const [bytes, text] = [this.#bytes, this.#text]
    for (let at = start; at < end; at += 1) if (bytes[place + at - start] !== text[at]) return false
    return bytes[place + end - start] === space
  }
}

const space = 0x20

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}
