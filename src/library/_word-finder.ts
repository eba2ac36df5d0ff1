/** Finds many words in one pass over a text (Aho and Corasick 1975), in ASCII, upper and lower case alike. */
import { strict as assert } from 'node:assert'

const asciiChars = 128
/** Of all that stands in no word. */
const otherClass = 0

export class WordFinder {
  readonly #classOf = new Uint8Array(asciiChars)
  readonly #classes: number
  /** By state and class. State 0 is the start. */
  readonly #next: Int32Array
  /** Words that end in a state. */
  readonly #found: (readonly number[])[]
  /** 1 for each state with some. */
  readonly #isEnd: Uint8Array
  readonly #words: readonly string[]

  /** In lower case, ASCII, each once, none empty. */
  constructor(words: readonly string[]) {
    this.#words = words
    const chars = [...new Set(words.join(''))]
    for (const [index, char] of chars.entries()) {
      assert(char < '\x80' && char === char.toLowerCase())
      for (const one of [char, char.toUpperCase()]) this.#classOf[one.charCodeAt(0)] = index + 1
    }
    this.#classes = chars.length + 1
    this.#found = [[]]
    this.#next = new Int32Array((words.join('').length + 1) * this.#classes).fill(-1)
    for (const [index, word] of words.entries()) this.#add(word, index)
    this.#link()
    this.#isEnd = Uint8Array.from(this.#found, ({ length }) => Math.min(1, length))
  }

  #add(word: string, index: number): void {
    let state = 0
    for (const char of word) {
      const edge = state * this.#classes + (this.#classOf[char.charCodeAt(0)] ?? otherClass)
      if ((this.#next[edge] ?? -1) < 0) this.#next[edge] = this.#found.push([]) - 1
      state = this.#next[edge] ?? 0
    }
    this.#found[state] = [...(this.#found[state] ?? []), index]
  }

  /** Breadth first: where there is no way on, the longest end that is a beginning goes on. */
  #link(): void {
    const fallback = new Int32Array(this.#found.length)
    const queue = [0]
    for (const state of queue)
      for (let one = 0; one < this.#classes; one += 1) {
        const edge = state * this.#classes + one
        const other =
          state === 0 ? 0 : (this.#next[(fallback[state] ?? 0) * this.#classes + one] ?? 0)
        const child = this.#next[edge] ?? -1
        if (child < 0) this.#next[edge] = other
        else {
          fallback[child] = other
          this.#found[child] = [...(this.#found[child] ?? []), ...(this.#found[other] ?? [])]
          queue.push(child)
        }
      }
  }

  /** Calls with the word's index and where it begins; in the order in which words end. */
  find(text: string, onFound: (word: number, at: number) => void): void {
    // Fields are read once: this loop is what a scan spends its time in.
    const [next, classOf, classes, isEnd] = [this.#next, this.#classOf, this.#classes, this.#isEnd]
    const { length } = text
    let state = 0
    for (let at = 0; at < length; at += 1) {
      const code = text.charCodeAt(at)
      const one = code < asciiChars ? (classOf[code] as number) : otherClass // there is one for each
      state = next[state * classes + one] as number // there is one for each
      if (isEnd[state] === 0) continue
      for (const word of this.#found[state] ?? [])
        onFound(word, at + 1 - (this.#words[word]?.length ?? 0))
    }
  }
}
