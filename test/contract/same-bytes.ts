import { equal, fail } from 'node:assert/strict'

/** Equality of long byte strings, told by the first difference: a whole diff of them can take all memory there is. */
export function sameBytes(
  actual: Uint8Array | undefined,
  expected: Uint8Array,
  context = 'bytes',
): void {
  if (actual === undefined) fail(`${context}: absent`)
  equal(actual.length, expected.length, `${context}: length`)
  const at = actual.findIndex((byte, index) => byte !== expected[index])
  equal(at, -1, `${context}: byte ${at} is ${actual[at]}, not ${expected[at]}`)
}
