import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRange } from '#api/s3/range'

const cases: Readonly<Record<string, readonly [number, number]>> = {
  'bytes=0-0': [0, 0],
  'bytes=0-9': [0, 9],
  'bytes=0-99': [0, 9],
  'bytes=5-': [5, 9],
  'bytes=-3': [7, 9],
  'bytes=-99': [0, 9],
  'Bytes = 2 - 3': [2, 3],
}
for (const [header, [first, last]] of Object.entries(cases)) {
  test(`${header} of 10`, () => deepEqual(parseRange(header, 10), { first, last }))
}

for (const header of [
  undefined,
  '',
  'bytes=',
  'bytes=-',
  'bytes=5-4',
  'bytes=0-1,3-4',
  'x=0-1',
  'bytes=a-b',
]) {
  test(`${header} is the whole`, () => equal(parseRange(header, 10), undefined))
}

for (const header of ['bytes=10-', 'bytes=10-20', 'bytes=-0', 'bytes=99999999999999999999-']) {
  test(`${header} of 10 is nothing`, () =>
    throws(() => parseRange(header, 10), { code: 'object/range-unsatisfiable' }))
}

test('a range never leaves the object', () =>
  fc.assert(
    fc.property(fc.nat(50), fc.option(fc.nat(60)), fc.option(fc.nat(60)), (bytes, from, to) => {
      try {
        const range = parseRange(`bytes=${from ?? ''}-${to ?? ''}`, bytes)
        if (range === undefined) return
        equal(0 <= range.first && range.first <= range.last && range.last < bytes, true)
      } catch (error) {
        equal((error as { code?: string }).code, 'object/range-unsatisfiable')
      }
    }),
  ))
