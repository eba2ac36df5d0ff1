/** Functions of text count characters, not units of UTF-16. */
import { selectFault } from '#select/faults'

export function charLength(text: string): bigint {
  return BigInt(hasPairs(text) ? [...text].length : text.length)
}

/** From the `start`th character, counted from 1, `count` of them or all; places before the first count, but hold nothing. */
export function substring(text: string, start: number, count: number | undefined): string {
  if (count !== undefined && count < 0) {
    throw selectFault('select/bad-arguments', { reason: 'The length in SUBSTRING is negative.' })
  }
  const first = Math.max(start - 1, 0)
  const behind = count === undefined ? undefined : Math.max(start - 1 + count, first)
  return hasPairs(text) ? [...text].slice(first, behind).join('') : text.slice(first, behind)
}

/** Removes characters of the set (blanks by default) from the ends that are named. */
export function trim(
  text: string,
  {
    ends,
    characters = ' ',
  }: { readonly ends: 'both' | 'leading' | 'trailing'; readonly characters?: string },
): string {
  const set = new Set(characters)
  const all = [...text]
  let first = 0
  let behind = all.length
  if (ends !== 'trailing') while (first < behind && set.has(all[first] ?? '')) first += 1
  if (ends !== 'leading') while (behind > first && set.has(all[behind - 1] ?? '')) behind -= 1
  return all.slice(first, behind).join('')
}

function hasPairs(text: string): boolean {
  return /[\ud800-\udfff]/.test(text)
}
