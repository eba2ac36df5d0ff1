/** Which lines differ: Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986), given up where there is too much that does. Pure. */
import type { DiffHunk } from '#library/model'

const contextLines = 3
/** Lines that differ; more is no diff that anybody reads, and takes the square of it. */
const editsMax = 600

interface Edit {
  readonly mark: ' ' | '-' | '+'
  readonly text: string
}

/** With three lines around each; `undefined` where they differ too much. */
export function diffLines(before: string, after: string): readonly DiffHunk[] | undefined {
  const [from, to] = [linesOf(before), linesOf(after)]
  const edits = editsBetween(from, to)
  return edits === undefined ? undefined : hunksOf(edits)
}

/** What ends with a line feed has no line behind it. */
function linesOf(text: string): readonly string[] {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function editsBetween(from: readonly string[], to: readonly string[]): readonly Edit[] | undefined {
  let start = 0
  while (start < from.length && start < to.length && from[start] === to[start]) start += 1
  let end = 0
  while (
    end < from.length - start &&
    end < to.length - start &&
    from[from.length - 1 - end] === to[to.length - 1 - end]
  )
    end += 1
  const middle = shortest(from.slice(start, from.length - end), to.slice(start, to.length - end))
  if (middle === undefined) return undefined
  const same = (texts: readonly string[]): readonly Edit[] =>
    texts.map((text) => ({ mark: ' ', text }))
  return [...same(from.slice(0, start)), ...middle, ...same(from.slice(from.length - end))]
}

/** The furthest place on each diagonal, by number of edits; then the way back. */
function shortest(from: readonly string[], to: readonly string[]): readonly Edit[] | undefined {
  const [width, height] = [from.length, to.length]
  const furthest: Map<number, number>[] = []
  let last = new Map<number, number>([[1, 0]])
  for (let edits = 0; edits <= Math.min(width + height, editsMax); edits += 1) {
    const next = new Map(last)
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = startOf(last, diagonal, edits)
      while (x < width && x - diagonal < height && from[x] === to[x - diagonal]) x += 1
      next.set(diagonal, x)
      if (x < width || x - diagonal < height) continue
      return walkBack(from, to, [...furthest, last])
    }
    furthest.push(last)
    last = next
  }
  return undefined
}

/** From above, by a line more, or from the left, by a line less: whichever is further. */
function startOf(last: ReadonlyMap<number, number>, diagonal: number, edits: number): number {
  return isDown(last, diagonal, edits)
    ? (last.get(diagonal + 1) ?? -1)
    : (last.get(diagonal - 1) ?? -1) + 1
}

function walkBack(
  from: readonly string[],
  to: readonly string[],
  furthest: readonly ReadonlyMap<number, number>[],
): readonly Edit[] {
  const found: Edit[] = []
  let x = from.length
  let y = to.length
  for (let edits = furthest.length - 1; edits >= 0; edits -= 1) {
    const last = furthest[edits] ?? new Map<number, number>()
    const diagonal = x - y
    const start = edits === 0 ? 0 : startOf(last, diagonal, edits)
    while (x > start && y > start - diagonal) {
      x -= 1
      y -= 1
      found.push({ mark: ' ', text: from[x] ?? '' })
    }
    if (edits === 0) break
    if (isDown(last, diagonal, edits)) {
      y -= 1
      found.push({ mark: '+', text: to[y] ?? '' })
    } else {
      x -= 1
      found.push({ mark: '-', text: from[x] ?? '' })
    }
  }
  return found.reverse()
}

function isDown(last: ReadonlyMap<number, number>, diagonal: number, edits: number): boolean {
  const above = last.get(diagonal + 1) ?? -1
  const left = last.get(diagonal - 1) ?? -1
  return diagonal === -edits || (diagonal !== edits && left < above)
}

function hunksOf(edits: readonly Edit[]): readonly DiffHunk[] {
  const isNear = edits.map(() => false)
  for (const [index, { mark }] of edits.entries()) {
    if (mark === ' ') continue
    const end = Math.min(edits.length, index + contextLines + 1)
    for (let at = Math.max(0, index - contextLines); at < end; at += 1) isNear[at] = true
  }
  const hunks: { fromLine: number; toLine: number; lines: string[] }[] = []
  let [fromLine, toLine] = [1, 1]
  for (const [index, { mark, text }] of edits.entries()) {
    if (isNear[index] === true) {
      if (isNear[index - 1] !== true) hunks.push({ fromLine, toLine, lines: [] })
      hunks.at(-1)?.lines.push(`${mark}${text}`)
    }
    if (mark !== '+') fromLine += 1
    if (mark !== '-') toLine += 1
  }
  return hunks
}
