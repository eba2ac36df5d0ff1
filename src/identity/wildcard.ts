/**
 * Patterns of policies: `*` stands for anything, `?` for one character. Two pointers and one way back instead of a regular expression: patterns
 * are written by users, and no pattern takes longer than its length times the text's.
 */
export function wildcard(pattern: string): (text: string) => boolean {
  return (text) => matches(pattern, text)
}

function matches(pattern: string, text: string): boolean {
  let at = 0
  let next = 0
  /** Behind the last star, and where the text stood when it was met. */
  let star: { readonly behind: number; from: number } | undefined
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = { behind: next + 1, from: at }
      next += 1
    } else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === text[at])) {
      at += 1
      next += 1
    } else if (star !== undefined) {
      star.from += 1
      at = star.from
      next = star.behind
    } else return false
  }
  while (pattern[next] === '*') next += 1
  return next === pattern.length
}
