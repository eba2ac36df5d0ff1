/** A fast way is the plain one. */
import { deepEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WordFinder } from '#library/_word-finder'

const words = [
  'a',
  'ab',
  'abc',
  'abcd',
  'bcd',
  '://',
  '<',
  '<|',
  'do ',
  '-----begin ',
  'zebra',
  '1.',
  'ba',
]

function plainly(text: string): readonly string[] {
  const lower = text.replaceAll(/[A-Z]/g, (char) => char.toLowerCase())
  return words
    .flatMap((word) =>
      Array.from({ length: text.length }, (_, at) => at)
        .filter((at) => lower.startsWith(word, at))
        .map((at) => `${at} ${word}`),
    )
    .sort()
}

test('every word is found wherever it stands', () => {
  const finder = new WordFinder(words)
  const piece = fc.oneof(
    fc.constantFrom(
      ...words,
      ...words.map((word) => word.toUpperCase()),
      ' ',
      '\n',
      'K',
      'é',
      '\u0161\u0162\u0163',
      '😀',
    ),
    fc.string({ maxLength: 3 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('')
      const found: string[] = []
      finder.find(text, (word, at) => found.push(`${at} ${words[word]}`))
      deepEqual(found.sort(), plainly(text))
    }),
    { numRuns: 2_000 },
  )
})

test('words that begin with more characters than there are classes are found all the same', () => {
  const chars = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index))
  const many = chars.filter((char) => char === char.toLowerCase()).map((char) => `${char}x${char}`)
  const finder = new WordFinder(many)
  const found = new Set<number>()
  finder.find(many.join(''), (word) => found.add(word))
  ok(many.every((_, index) => found.has(index)))
})
