import { equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Effort } from '#select/effort'
import { likeMatcher } from '#select/like'

const isLike = (text: string, pattern: string, escapedBy?: string): boolean =>
  likeMatcher(pattern, { escapedBy, effort: new Effort() })(text)

/** By the definition: `%` is nothing, or one character and `%` again. */
function isLikeSlowly([first, ...rest]: readonly string[], pattern: readonly string[]): boolean {
  const [wanted, ...others] = pattern
  if (wanted === undefined) return first === undefined
  if (wanted === '%')
    return (
      isLikeSlowly(first === undefined ? [] : [first, ...rest], others) ||
      (first !== undefined && isLikeSlowly(rest, pattern))
    )
  return first !== undefined && (wanted === '_' || wanted === first) && isLikeSlowly(rest, others)
}

test('a text is like a pattern as the definition says', () =>
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b', '𝄞'), { maxLength: 8 }),
      fc.array(fc.constantFrom('a', 'b', '𝄞', '%', '_'), { maxLength: 6 }),
      (text, pattern) =>
        equal(isLike(text.join(''), pattern.join('')), isLikeSlowly(text, pattern)),
    ),
  ))

test('behind an escape a character stands for itself, and nothing else may follow one', () => {
  equal(isLike('50%', '%!%', '!'), true)
  equal(isLike('500', '50!%', '!'), false)
  equal(isLike('a!', 'a!!', '!'), true)
  throws(() => isLike('a', '!a', '!'), { code: 'select/bad-escape' })
  throws(() => isLike('a', 'a!', '!'), { code: 'select/bad-escape' })
})

test('a pattern that goes back and back ends', () => {
  const text = 'a'.repeat(1024 * 1024)
  throws(() => isLike(text, `%${'a'.repeat(900)}b`), { code: 'select/too-much-effort' })
  equal(isLike(text, '%ab%'), false)
})
