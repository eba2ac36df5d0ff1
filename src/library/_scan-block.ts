/** A piece of a file's text, as rules look at it. */
import { WordFinder } from '#library/_word-finder'
import { type FileKind, fileKindOf } from '#library/file-kind'
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
  /** Every repetition in it has a bound, so that its time is proportional to the block. With the flag `y` when there are `starts`, else with `g`. */
  readonly pattern: RegExp
  /**
   * What a match begins with, in lower case. All words of all rules are looked for in one pass, and patterns only where they stand: a hundredth of the time
   * that patterns take at every place.
   */
  readonly starts?: readonly string[]
  /** Only for files of this kind. */
  readonly kind?: FileKind
  /** Whether a match counts. */
  readonly counts?: (match: RegExpExecArray) => boolean
  /** What is shown of it, in the place of all. */
  readonly show?: (match: RegExpExecArray) => string
}

/** Rules that are looked for together. */
export class RuleSet {
  readonly #rules: readonly PatternRule[]
  /** Made with the first text: many a program has rules and scans nothing. */
  #finding: Finding | undefined

  constructor(rules: readonly PatternRule[]) {
    this.#rules = rules
  }

  find({ path, text, known }: Block): readonly BlockFinding[] {
    const matches = this.#matches(text, fileKindOf(path))
    const lines = new LineCounter(text)
    return matches
      .filter(({ match }) => match.index + match[0].length > known)
      .sort((one, other) => one.match.index - other.match.index)
      .map(({ rule: { rule, severity, show }, match }) => ({
        rule,
        severity,
        line: lines.before(match.index),
        excerpt: show?.(match) ?? match[0],
      }))
  }

  /** Whether there is any of them, in a text of no kind. */
  isIn(text: string): boolean {
    return this.#matches(text, undefined).length > 0
  }

  #matches(text: string, kind: FileKind | undefined): Match[] {
    const matches: Match[] = []
    const counts = new Map<PatternRule, number>()
    /** False: it was found often enough. */
    const note = (rule: PatternRule, match: RegExpExecArray | null): boolean => {
      if (match === null || rule.counts?.(match) === false) return true
      const count = (counts.get(rule) ?? 0) + 1
      counts.set(rule, count)
      matches.push({ rule, match })
      return count < matchesOfRuleMax
    }
    this.#finding ??= openFinding(this.#rules)
    const { finder, rulesOfWord } = this.#finding
    finder.find(text, (word, at) => {
      for (const rule of rulesOfWord[word] ?? []) {
        const isOver = (counts.get(rule) ?? 0) >= matchesOfRuleMax
        if (isOver || (rule.kind !== undefined && rule.kind !== kind)) continue
        rule.pattern.lastIndex = at
        note(rule, rule.pattern.exec(text))
      }
    })
    for (const rule of this.#rules)
      if (rule.starts === undefined && (rule.kind === undefined || rule.kind === kind))
        for (const match of text.matchAll(rule.pattern)) if (!note(rule, match)) break
    return matches
  }
}

interface Finding {
  readonly finder: WordFinder
  /** By the finder's word. */
  readonly rulesOfWord: readonly (readonly PatternRule[])[]
}

function openFinding(rules: readonly PatternRule[]): Finding {
  const words = [...new Set(rules.flatMap(({ starts = [] }) => starts))]
  return {
    finder: new WordFinder(words),
    rulesOfWord: words.map((word) => rules.filter(({ starts = [] }) => starts.includes(word))),
  }
}

/** In one block. A file full of them is known for that by then. */
const matchesOfRuleMax = 200

interface Match {
  readonly rule: PatternRule
  readonly match: RegExpExecArray
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
