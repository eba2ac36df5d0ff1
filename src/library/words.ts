/**
 * Text as words, the same for both databases: they are given words, not text, and so find the same. A word is a run of letters and digits without
 * accents, in lower case and the singular; of scripts that are written without spaces, each pair of characters. Pure.
 */

const wordCharsMax = 64
const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

/** In their order, as often as they stand there. */
export function* wordsOf(text: string): Generator<string, void, undefined> {
  for (const [run] of fold(text).matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    if (spaceless.test(run)) yield* pairsOf(run)
    else yield singular(run.slice(0, wordCharsMax))
  }
}

/** Each once, in the order of their first time, as many as fit `charsMax` with a space behind each. */
export function distinctWords(texts: Iterable<string>, charsMax: number): readonly string[] {
  const words = new Set<string>()
  let chars = 0
  for (const text of texts) {
    for (const word of wordsOf(text)) {
      if (words.has(word)) continue
      chars += word.length + 1
      if (chars > charsMax) return [...words]
      words.add(word)
    }
  }
  return [...words]
}

/** Lines that are headings of Markdown, without their marks; none within fenced code. */
export function* headingsOf(markdown: string): Generator<string, void, undefined> {
  let fence: string | undefined
  for (const line of markdown.split(/\r?\n/)) {
    const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? []
    if (mark !== undefined) {
      if (fence === undefined) fence = mark
      else if (mark.startsWith(fence)) fence = undefined
      continue
    }
    const [, heading] =
      fence === undefined ? (/^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$/.exec(line) ?? []) : []
    if (heading !== undefined) yield heading
  }
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .normalize('NFC')
}

/** Harman's: enough that a plural and its singular meet, and short of making one word of two. */
function singular(word: string): string {
  if (word.length < 4 || !/^[a-z]+s$/.test(word) || /(us|ss|is)$/.test(word)) return word
  if (word.endsWith('ies')) return word.length > 4 ? `${word.slice(0, -3)}y` : word
  if (/(ss|sh|ch|x|zz)es$/.test(word)) return word.slice(0, -2)
  return word.slice(0, -1)
}

function* pairsOf(run: string): Generator<string, void, undefined> {
  const characters = [...run]
  if (characters.length === 1) yield run
  for (let at = 0; at + 1 < characters.length; at += 1)
    yield `${characters[at]}${characters[at + 1]}`
}
