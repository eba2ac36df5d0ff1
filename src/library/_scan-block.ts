/** A piece of a file's text, as rules look at it. */
import type { Severity } from '#library/scan'

export interface Block {
  readonly path: string
  readonly text: string
  /** So many characters of it were looked at with the block before; what ends in them was found there. */
  readonly known: number
  /** Of the file. */
  readonly isAtStart: boolean
}

export interface BlockFinding {
  readonly rule: string
  readonly severity: Severity
  /** From the block's first, 0; of a whole file, from 1. */
  readonly line: number
  readonly excerpt: string
}

export interface PatternRule {
  readonly rule: string
  readonly severity: Severity
  /** With the flag `g`. Every repetition in it has a bound, so that its time is proportional to the block. */
  readonly pattern: RegExp
  /** Whether a match counts. */
  readonly counts?: (match: RegExpExecArray) => boolean
  /** What is shown of it, in the place of all. */
  readonly show?: (match: RegExpExecArray) => string
}

export function* patternFindings(
  { text, known }: Block,
  rules: readonly PatternRule[],
): Generator<BlockFinding, void, undefined> {
  for (const { rule, severity, pattern, counts, show } of rules) {
    const lines = new LineCounter(text)
    for (const match of text.matchAll(pattern)) {
      if (match.index + match[0].length <= known || counts?.(match) === false) continue
      yield { rule, severity, line: lines.before(match.index), excerpt: show?.(match) ?? match[0] }
    }
  }
}

/** The block with other text in the place of its own; `rewrite` keeps line ends. */
export function rewritten(block: Block, rewrite: (text: string) => string): Block {
  const text = rewrite(block.text)
  if (text === block.text) return block
  return { ...block, text, known: rewrite(block.text.slice(0, block.known)).length }
}

export function linesBefore(text: string, end: number): number {
  return new LineCounter(text).before(end)
}

/** Counts line ends up to places that only grow: each character is looked at once. */
export class LineCounter {
  readonly #text: string
  #lines = 0
  #next: number

  constructor(text: string) {
    this.#text = text
    this.#next = text.indexOf('\n')
  }

  before(at: number): number {
    for (; this.#next >= 0 && this.#next < at; this.#lines += 1)
      this.#next = this.#text.indexOf('\n', this.#next + 1)
    return this.#lines
  }
}
