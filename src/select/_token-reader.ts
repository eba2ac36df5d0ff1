import { selectFault } from '#select/faults'
import { expressionChainMax, expressionDepthMax } from '#select/limits'
import { readTokens, type Token } from '#select/tokens'

/** Reads an expression word by word, one word ahead. */
export class TokenReader {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0
  #chained = 0

  constructor(expression: string) {
    this.#tokens = readTokens(expression)
  }

  get next(): Token {
    return this.#ahead(0)
  }

  get isAtEnd(): boolean {
    return this.next.kind === 'end'
  }

  /** Whether the next words are these, in any case of letters. */
  is(...words: readonly string[]): boolean {
    return words.every((word, index) => isWord(this.#ahead(index), word))
  }

  isOneOf(words: ReadonlySet<string>): boolean {
    const { kind, text } = this.next
    return (kind === 'name' || kind === 'symbol') && words.has(text.toUpperCase())
  }

  take(): Token {
    const token = this.next
    if (token.kind !== 'end') this.#next += 1
    return token
  }

  /** Whether they were there, and so were taken. */
  accept(...words: readonly string[]): boolean {
    const isThere = this.is(...words)
    if (isThere) this.#next += words.length
    return isThere
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.accept(word)) throw this.unexpected(word)
  }

  /** A level deeper: expressions within expressions are read by calls within calls. `select/too-deep` */
  nested<Result>(read: () => Result): Result {
    this.#depth += 1
    if (this.#depth > expressionDepthMax) throw selectFault('select/too-deep')
    const result = read()
    this.#depth -= 1
    return result
  }

  /** One more operator in a row (`a + b + c`): each puts what was read one level deeper, wherever it stands. `select/too-deep` */
  chain(): void {
    this.#chained += 1
    if (this.#chained > expressionChainMax) throw selectFault('select/too-deep')
  }

  unexpected(wanted?: string): Error {
    const { kind, text, at } = this.next
    const found = kind === 'end' ? 'the end of the expression' : `"${text.slice(0, 40)}"`
    const instead = wanted === undefined ? '' : ` in place of ${wanted}`
    return selectFault('select/unexpected-token', {
      reason: `Unexpected token: ${found}${instead}, at character ${at}.`,
    })
  }

  #ahead(count: number): Token {
    const token = this.#tokens[Math.min(this.#next + count, this.#tokens.length - 1)]
    return token ?? { kind: 'end', text: '', at: 0 }
  }
}

function isWord({ kind, text }: Token, word: string): boolean {
  return (kind === 'name' || kind === 'symbol') && text.toUpperCase() === word
}
