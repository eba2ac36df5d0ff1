/**
 * Text as words, the same for both databases: they are given words, not text, and so find the same. A word is a run of letters and digits without
 * accents, in lower case; of scripts that are written without spaces, each pair of characters. Pure.
 */

export const wordCharsMax = 64
const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

/** In their order, as often as they stand there. */
export function* wordsOf(text: string): Generator<string, void, undefined> {
  for (const [run] of fold(text).matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    if (spaceless.test(run)) yield* pairsOf(run)
    else yield run.slice(0, wordCharsMax)
  }
}

/** Its singular or its plural, as English makes them: enough that both meet, and short of making one word of two. None of what is no English word. */
export function otherNumber(word: string): string | undefined {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return undefined
  if (/(ss|us|is|x|z|ch|sh)$/.test(word)) return `${word}es`
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`
  if (/(ss|us|x|zz|ch|sh)es$/.test(word)) return word.slice(0, -2)
  if (word.endsWith('s')) return word.slice(0, -1)
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`
}

export interface MarkdownLine {
  readonly text: string
  /** What it says without its marks, where it is a heading. */
  readonly heading?: string
}

export function* markdownLines(markdown: string): Generator<MarkdownLine, void, undefined> {
  const headings = new Headings()
  for (const line of markdown.split('\n')) {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line
    const heading = headings.of(text)
    yield heading === undefined ? { text } : { text, heading }
  }
}

export function headingsOf(markdown: string): readonly string[] {
  const headings = new Headings()
  const found: string[] = []
  // Nearly all lines are neither headings nor fences: no string is made of them.
  for (let at = 0; at < markdown.length; ) {
    const end = markdown.indexOf('\n', at)
    const next = end < 0 ? markdown.length : end
    let first = at
    while (first < at + indentMax && markdown[first] === ' ') first += 1
    if (isMark(markdown[first])) {
      const heading = headings.of(markdown.slice(at, next).replace(/\r$/, ''))
      if (heading !== undefined) found.push(heading)
    }
    at = next + 1
  }
  return found
}

const indentMax = 3

function isMark(character: string | undefined): boolean {
  return character === '#' || character === '`' || character === '~'
}

/** Asked line by line. Within fenced code there are no headings. */
class Headings {
  #fence: string | undefined

  of(line: string): string | undefined {
    const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? []
    if (mark !== undefined) {
      if (this.#fence === undefined) this.#fence = mark
      else if (mark.startsWith(this.#fence)) this.#fence = undefined
    }
    if (this.#fence !== undefined) return undefined
    return /^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$/.exec(line)?.[1]
  }
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .normalize('NFC')
}

function* pairsOf(run: string): Generator<string, void, undefined> {
  const characters = [...run]
  if (characters.length === 1) yield run
  for (let at = 0; at + 1 < characters.length; at += 1)
    yield `${characters[at]}${characters[at + 1]}`
}
