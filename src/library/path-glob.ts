/** Patterns of paths, as a manifest's `include` and `exclude` have them: `*` any characters but a slash, `?` one, `**` any directories. */

/**
 * Anchored at the top; what matches a directory matches all that lies in it, so `docs`, `docs/` and `docs/**` are the same. Time is the product of both
 * lengths, whatever the pattern.
 */
export function isMatchOfGlob(path: string, glob: string): boolean {
  const parts = glob.replace(/^\.\//, '').replace(/\/+$/, '').split('/')
  const matched = matchParts(path.split('/'), parts)
  return matched
}

/** Positions of the pattern that are reached, path part by path part. */
function matchParts(path: readonly string[], glob: readonly string[]): boolean {
  let reached = closed(new Set([0]), glob)
  for (const part of path) {
    const next = new Set<number>()
    for (const at of reached) {
      if (at === glob.length) return true // a directory of the path is matched
      if (glob[at] === '**') next.add(at)
      else if (isMatchOfPart(part, glob[at] ?? '')) next.add(at + 1)
    }
    reached = closed(next, glob)
  }
  return reached.has(glob.length)
}

/** `**` also stands for no directory at all. */
function closed(positions: Set<number>, glob: readonly string[]): ReadonlySet<number> {
  for (const at of positions) if (glob[at] === '**') positions.add(at + 1)
  return positions
}

function isMatchOfPart(text: string, pattern: string): boolean {
  let star = -1
  let retry = 0
  let at = 0
  let index = 0
  while (index < text.length) {
    if (at < pattern.length && pattern[at] === '*') {
      star = at
      retry = index
      at += 1
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index])) {
      at += 1
      index += 1
    } else if (star >= 0) {
      at = star + 1
      retry += 1
      index = retry
    } else return false
  }
  return /^\**$/.test(pattern.slice(at))
}
