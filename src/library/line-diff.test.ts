import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diffLines } from '#library/line-diff'

const texts = fc
  .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 25 })
  .map((lines) => lines.map((line) => `${line}\n`).join(''))

/** `before` with the hunks put in. */
function patch(before: string, hunks: ReturnType<typeof diffLines>): string {
  const lines = before.split('\n').slice(0, -1)
  const made: string[] = []
  let at = 0
  for (const hunk of hunks ?? []) {
    while (at < hunk.fromLine - 1) made.push(lines[at++] ?? '?')
    equal(made.length, hunk.toLine - 1)
    for (const line of hunk.lines) {
      if (line[0] !== '+') equal(lines[at++], line.slice(1))
      if (line[0] !== '-') made.push(line.slice(1))
    }
  }
  made.push(...lines.slice(at))
  return made.map((line) => `${line}\n`).join('')
}

test('what a diff says makes one text of the other, and of the same nothing', () =>
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      equal(patch(before, diffLines(before, after)), after)
      deepEqual(diffLines(after, after), [])
    }),
    { numRuns: 400 },
  ))

test('a line changed in the middle has three lines around it', () => {
  const before = Array.from({ length: 20 }, (_, n) => `${n}\n`).join('')
  deepEqual(diffLines(before, before.replace('10\n', 'ten\n')), [
    { fromLine: 8, toLine: 8, lines: [' 7', ' 8', ' 9', '-10', '+ten', ' 11', ' 12', ' 13'] },
  ])
})

test('two texts with nothing in common are no diff once they are long', () => {
  const lines = (word: string) => Array.from({ length: 2_000 }, (_, n) => `${word} ${n}`).join('\n')
  equal(diffLines(lines('a'), lines('b')), undefined)
})
