/**
 * Finds many words in one pass over a text, in ASCII, upper and lower case alike: places whose three characters begin no word are passed over by one look
 * into a table that the first cache holds; what is left is compared.
 */
import { strict as assert } from 'node:assert'

const classBits = 5
const classes = 1 << classBits
const triples = classes ** 3
/** Of all that stands at no word's beginning. */
const otherClass = 0

export class WordFinder {
  readonly #words: readonly string[]
  /** By byte. Characters may share a class: then more is compared, and nothing is missed. */
  readonly #classOf = new Uint8Array(256)
  /** By the classes of three characters, a bit: whether some word may begin with them. */
  readonly #isBeginning = new Uint8Array(triples / 8)
  readonly #wordsOf = new Map<number, number[]>()
  #bytes = Buffer.alloc(0)

  /** In lower case, ASCII, each once, none empty. */
  constructor(words: readonly string[]) {
    this.#words = words
    const chars = new Set(words.map((word) => word.slice(0, 3)).join(''))
    for (const [index, char] of [...chars].entries()) {
      assert(char < '\x80' && char === char.toLowerCase())
      const one = 1 + (index % (classes - 1))
      for (const form of [char, char.toUpperCase()]) this.#classOf[form.charCodeAt(0)] = one
    }
    for (const [index, word] of words.entries())
      for (const triple of this.#triplesOf(word)) {
        this.#isBeginning[triple >> 3] = (this.#isBeginning[triple >> 3] ?? 0) | (1 << (triple & 7))
        const some = this.#wordsOf.get(triple)
        if (some === undefined) this.#wordsOf.set(triple, [index])
        else some.push(index)
      }
  }

  /** A short word begins many. */
  #triplesOf(word: string): readonly number[] {
    const all = Array.from({ length: classes }, (_, one) => one)
    const at = (index: number): readonly number[] =>
      index < word.length ? [this.#classOf[word.charCodeAt(index)] ?? otherClass] : all
    return at(0).flatMap((first) =>
      at(1).flatMap((second) =>
        at(2).map((third) => (((first << classBits) | second) << classBits) | third),
      ),
    )
  }

  /** Calls with the word's index and where it begins; in the order in which words begin. */
  find(text: string, onFound: (word: number, at: number) => void): void {
    const { length } = text
    if (this.#bytes.length < length) this.#bytes = Buffer.alloc(length * 2)
    // Of a character beyond Latin-1 its lower byte is written: one more place to compare at, perhaps.
    this.#bytes.write(text, 0, length, 'latin1')
    // Fields are read once: this loop is what a scan spends its time in.
    const [bytes, classOf, isBeginning] = [this.#bytes, this.#classOf, this.#isBeginning]
    let triple = 0
    for (let end = 0; end < length; end += 1) {
      triple = ((triple << classBits) | (classOf[bytes[end] as number] as number)) & (triples - 1) // there is one for each
      if ((((isBeginning[triple >> 3] as number) >> (triple & 7)) & 1) === 1)
        this.#compare(text, { triple, at: end - 2 }, onFound)
    }
    // Words of one and two characters may stand at the very end.
    for (let at = length - 2; at < length; at += 1) {
      triple = (triple << classBits) & (triples - 1)
      this.#compare(text, { triple, at }, onFound)
    }
  }

  #compare(
    text: string,
    { triple, at }: { readonly triple: number; readonly at: number },
    onFound: (word: number, at: number) => void,
  ): void {
    for (const word of this.#wordsOf.get(triple) ?? [])
      if (isAt(text, at, this.#words[word] ?? '')) onFound(word, at)
  }
}

/** The word is in lower case, the text as it likes. */
function isAt(text: string, at: number, word: string): boolean {
  if (at < 0 || at + word.length > text.length) return false
  for (let index = 0; index < word.length; index += 1) {
    const code = text.charCodeAt(at + index)
    const isUpper = code >= 0x41 && code <= 0x5a
    if ((isUpper ? code + 0x20 : code) !== word.charCodeAt(index)) return false
  }
  return true
}
