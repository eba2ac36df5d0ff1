import { ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { partBytesDefault, partsMemoryBytesMax, planParts } from '#cli/part-size'
import { partBytesMax, partBytesMin, partsMax } from '#s3/limits'

const objectBytesMax = 5 * 2 ** 40

test('every object that S3 takes fits into its parts, and the parts into memory', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: objectBytesMax }),
      fc.integer({ min: 1, max: 2 ** 30 }),
      fc.integer({ min: 1, max: 64 }),
      (bytes, partBytes, lanes) => {
        const plan = planParts(bytes, { partBytes, lanes })
        const each = plan.partBytesOf(0)
        ok(each >= partBytesMin && each <= partBytesMax && each * partsMax >= bytes)
        ok(plan.lanes === 1 || (plan.lanes + 1) * each <= partsMemoryBytesMax)
        ok(plan.lanes <= lanes)
      },
    ),
  ))

test('a stream without a known end grows its parts, within memory', () => {
  const plan = planParts(undefined, { partBytes: partBytesDefault, lanes: 64 })
  let total = 0
  for (let index = 0; index < partsMax; index += 1) total += plan.partBytesOf(index)
  ok(total > 500 * 2 ** 30)
  ok((plan.lanes + 1) * plan.partBytesOf(partsMax - 1) <= partsMemoryBytesMax)
})
