/**
 * Patterns of policies: `*` stands for anything, `?` for one character, `${aws:username}` for what is known of the request. Two pointers and one way
 * back instead of a regular expression: patterns are written by users, and no pattern takes longer than its length times the text's.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */

/** What is known of a request, by lower-case name. */
export type Known = Readonly<Record<string, readonly string[] | undefined>>

export type Pattern = (text: string, known: Known) => boolean

const anything = -1
const anyCharacter = -2
/** Code units, and the two above. */
type Symbols = readonly number[]

export function wildcard(pattern: string): (text: string) => boolean {
  const symbols = symbolsOf(pattern)
  return (text) => matches(symbols, text)
}

/** Values of variables are meant literally; a pattern with a variable that the request does not have matches nothing. */
export function variablePattern(template: string): Pattern {
  const parts = partsOf(template)
  if (parts.length === 1) return wildcard(template)
  return (text, known) => {
    const symbols: number[] = []
    for (const [index, part] of parts.entries()) {
      const value = index % 2 === 0 ? symbolsOf(part) : codesOf(variableValue(part, known))
      if (value === undefined) return false
      symbols.push(...value)
    }
    return matches(symbols, text)
  }
}

/** The text with its variables filled in; `undefined` when the request does not have one of them. */
export function fillIn(template: string, known: Known): string | undefined {
  const parts = partsOf(template).map((part, index) =>
    index % 2 === 0 ? part : variableValue(part, known),
  )
  return parts.includes(undefined) ? undefined : parts.join('')
}

/** Text at even places, names of variables at odd ones. */
function partsOf(template: string): readonly string[] {
  return template.split(/\$\{([^{}]*)\}/)
}

/** `${*}`, `${?}` and `${$}` are the characters themselves; a default stands in quotes after a comma. */
function variableValue(name: string, known: Known): string | undefined {
  if (name === '*' || name === '?' || name === '$') return name
  const [, key = name, byDefault] = /^([^,]*?)\s*,\s*'([^']*)'$/.exec(name) ?? []
  const values = known[key.trim().toLowerCase()]
  return values?.length === 1 ? values[0] : byDefault
}

function symbolsOf(pattern: string): Symbols {
  return Array.from({ length: pattern.length }, (_, index) => {
    const character = pattern[index]
    if (character === '*') return anything
    return character === '?' ? anyCharacter : pattern.charCodeAt(index)
  })
}

function codesOf(text: string | undefined): Symbols | undefined {
  if (text === undefined) return undefined
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
}

function matches(pattern: Symbols, text: string): boolean {
  let at = 0
  let next = 0
  /** Behind the last star, and where the text stood when it was met. */
  let star: { readonly behind: number; from: number } | undefined
  while (at < text.length) {
    const symbol = pattern[next]
    if (symbol === anything) {
      star = { behind: next + 1, from: at }
      next += 1
    } else if (symbol === anyCharacter || symbol === text.charCodeAt(at)) {
      at += 1
      next += 1
    } else if (star !== undefined) {
      star.from += 1
      at = star.from
      next = star.behind
    } else return false
  }
  while (pattern[next] === anything) next += 1
  return next === pattern.length
}
