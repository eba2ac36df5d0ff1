/**
 * LIKE: `%` stands for anything, `_` for one character. Two pointers and one way back instead of a regular expression: patterns are written by
 * users, and none takes longer than its length times the text's, or than the effort allows.
 */
import type { Effort } from '#select/effort'
import { selectFault } from '#select/faults'
import { likePatternMax } from '#select/limits'

export type Matcher = (text: string) => boolean

/** `select/bad-like` for a pattern that is too long, `select/bad-escape` for an escape of nothing. */
export function likeMatcher(
  pattern: string,
  { escapedBy, effort }: { readonly escapedBy: string | undefined; readonly effort: Effort },
): Matcher {
  if (pattern.length > likePatternMax)
    throw selectFault('select/bad-like', { reason: 'The pattern of LIKE is too long.' })
  const parts = readParts(pattern, escapedBy)
  return (text) => matches(parts, text, effort)
}

/** Code points; these two are none. */
type Parts = readonly number[]
const many = -1
const one = -2

function readParts(pattern: string, escapedBy: string | undefined): Parts {
  const characters = [...pattern]
  if (escapedBy !== undefined && [...escapedBy].length !== 1) throw selectFault('select/bad-escape')
  const parts: number[] = []
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? ''
    if (character === escapedBy) {
      at += 1
      const escaped = characters[at]
      if (escaped !== '%' && escaped !== '_' && escaped !== escapedBy)
        throw selectFault('select/bad-escape')
      parts.push(codeOf(escaped))
    } else parts.push(character === '%' ? many : character === '_' ? one : codeOf(character))
  }
  return parts
}

function matches(parts: Parts, text: string, effort: Effort): boolean {
  let at = 0
  let next = 0
  /** Behind the last `%`, and where the text stood when it was met. */
  let back: { readonly behind: number; from: number } | undefined
  while (at < text.length) {
    const part = parts[next]
    const character = codeOf(text, at)
    if (part === many) {
      back = { behind: next + 1, from: at }
      next += 1
    } else if (part === one || part === character) {
      at += widthOf(character)
      next += 1
    } else if (back !== undefined) {
      effort.spend(next - back.behind + 1) // looked at in vain
      back.from += widthOf(codeOf(text, back.from))
      at = back.from
      next = back.behind
    } else return false
  }
  while (parts[next] === many) next += 1
  return next === parts.length
}

function codeOf(text: string, at = 0): number {
  return text.codePointAt(at) ?? 0
}

/** In units of a string. */
function widthOf(character: number): number {
  return character > 0xffff ? 2 : 1
}
