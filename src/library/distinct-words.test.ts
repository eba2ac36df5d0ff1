/** A fast way is the plain one. */
import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { distinctWords } from '#library/distinct-words'
import { wordsOf } from '#library/words'

/** As it is said. */
function plainly(texts: readonly string[], charsMax: number): readonly string[] {
  const words = new Set(texts.flatMap((text) => [...wordsOf(text)]))
  const kept: string[] = []
  let chars = 0
  for (const word of words) {
    chars += word.length + 1
    if (chars > charsMax) break
    kept.push(word)
  }
  return kept
}

const word = fc.constantFrom(
  ...[
    'a',
    'ab',
    'AB',
    'ba',
    'Alpha',
    'alpha',
    'ALPHA',
    'x1',
    '1x',
    'é',
    'e',
    'É',
    'straße',
    'ﬁ',
    'fi',
  ],
  ...[
    '東京都',
    '東京',
    'ไทย',
    'x'.repeat(64),
    'x'.repeat(65),
    'X'.repeat(200),
    `${'x'.repeat(63)}é`,
    'İ',
    'K',
  ],
)
const gap = fc.constantFrom(
  ' ',
  '\n',
  '\r\n',
  '-',
  '_',
  '\u0301',
  ' \u0301',
  '',
  '’',
  '\t',
  '\n\u0301',
)
const text = fc.array(fc.tuple(word, gap), { maxLength: 30 }).map((pairs) => pairs.flat().join(''))

test('each word once, in the order of their first time, as many as fit', () => {
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 4 }),
      fc.integer({ min: 0, max: 400 }),
      (texts, charsMax) => {
        deepEqual(distinctWords(texts, charsMax), plainly(texts, charsMax))
      },
    ),
    { numRuns: 2_000 },
  )
})

test('thousands of words, and again', () => {
  const many = Array.from({ length: 20_000 }, (_, n) => (n * 7919).toString(36))
  const texts = [many.join(' '), many.toReversed().join('\n'), `${many.join(',')} é`]
  deepEqual(distinctWords(texts, 2 ** 20), plainly(texts, 2 ** 20))
  deepEqual(distinctWords(texts, 2 ** 16), plainly(texts, 2 ** 16))
})
