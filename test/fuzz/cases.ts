/** One case after another of one target. A case is known by seed, target and number, and can be run again by these. */
import { mutate } from './mutate.ts'
import { Random } from './random.ts'
import { complaintOf, type Target } from './targets.ts'

export interface Finding {
  readonly target: string
  readonly seed: string
  readonly number: number
  readonly input: Buffer
  readonly error: unknown
}

export interface CaseRange {
  readonly name: string
  readonly seed: string
  readonly from?: number
  /** Asked before each case. */
  readonly goesOn: (number: number) => boolean
}

export function inputOf(
  { seeds, words = [], make }: Target,
  { name, seed, number }: { readonly name: string; readonly seed: string; readonly number: number },
): Buffer {
  const random = new Random(`${seed} ${name} ${number}`)
  return make?.(random) ?? mutate(random, { seeds, words })
}

/** Stops at the first finding; else the number of cases that were run. */
export async function runCases(
  target: Target,
  { name, seed, from = 0, goesOn }: CaseRange,
): Promise<number | Finding> {
  let number = from
  for (; goesOn(number); number += 1) {
    const input = inputOf(target, { name, seed, number })
    const error = await complaintOf(target, input)
    if (error !== undefined) return { target: name, seed, number, input, error }
  }
  return number - from
}
