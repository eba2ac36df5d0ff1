/**
 * LIKE: `%` stands for anything, `_` for one character. Two pointers and one way back instead of a regular expression: patterns are written by
 * users, and none takes longer than its length times the text's.
 */
import { selectFault } from '#select/faults'
import { likePatternMax } from '#select/limits'

export type Matcher = (text: string) => boolean

/** `select/bad-like` for a pattern that is too long, `select/bad-escape` for an escape of nothing. */
export function likeMatcher(pattern: string, escapedBy: string | undefined): Matcher {
  if (pattern.length > likePatternMax)
    throw selectFault('select/bad-like', { reason: 'The pattern of LIKE is too long.' })
  const parts = readParts(pattern, escapedBy)
  return (text) => matches(parts, text)
}

type Part = 'many' | 'one' | { readonly character: string }

function readParts(pattern: string, escapedBy: string | undefined): readonly Part[] {
  const characters = [...pattern]
  if (escapedBy !== undefined && [...escapedBy].length !== 1) throw selectFault('select/bad-escape')
  const parts: Part[] = []
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? ''
    if (character === escapedBy) {
      at += 1
      const escaped = characters[at]
      if (escaped !== '%' && escaped !== '_' && escaped !== escapedBy)
        throw selectFault('select/bad-escape')
      parts.push({ character: escaped })
    } else parts.push(character === '%' ? 'many' : character === '_' ? 'one' : { character })
  }
  return parts
}

function matches(parts: readonly Part[], text: string): boolean {
  let at = 0
  let next = 0
  /** Behind the last `%`, and where the text stood when it was met. */
  let many: { readonly behind: number; from: number } | undefined
  while (at < text.length) {
    const part = parts[next]
    const width = widthAt(text, at)
    if (part === 'many') {
      many = { behind: next + 1, from: at }
      next += 1
    } else if (part === 'one' || (part !== undefined && text.startsWith(part.character, at))) {
      at += width
      next += 1
    } else if (many !== undefined) {
      many.from += widthAt(text, many.from)
      at = many.from
      next = many.behind
    } else return false
  }
  while (parts[next] === 'many') next += 1
  return next === parts.length
}

/** A character takes one or two units of a string. */
function widthAt(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit >= 0xd800 && unit < 0xdc00 && at + 1 < text.length ? 2 : 1
}
