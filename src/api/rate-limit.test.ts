import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openRateTable, perSecondMax, RateLimit, type RateRule } from '#api/rate-limit'
import { networkOf } from '#api/rate-limits'

/** A clock that stands still until it is told otherwise. */
function openLimit(rule: RateRule, startMs = 1_800_000_000_000) {
  const clock = { ms: startMs, now: () => clock.ms }
  const table = openRateTable(rule, { randomBytes: (length) => new Uint8Array(length).fill(7) })
  return { clock, table, limit: new RateLimit(table, clock) }
}

test('after a burst as many come through as the rule says, and each is told how long to wait', () => {
  const { clock, limit } = openLimit({ perSecond: 10, burst: 3 })
  deepEqual(
    [1, 2, 3].map(() => limit.take('a')),
    [0, 0, 0],
  )
  equal(limit.take('a'), 100)
  equal(limit.look('a'), 100)
  equal(limit.take('b'), 0, 'others have their own')
  clock.ms += 99
  equal(limit.take('a'), 1)
  clock.ms += 1
  equal(limit.take('a'), 0)
  equal(limit.take('a'), 100)
  clock.ms += 3_600_000
  deepEqual(
    [1, 2, 3, 4].map(() => limit.take('a') > 0),
    [false, false, false, true],
  )
})

test('looking takes nothing', () => {
  const { limit } = openLimit({ perSecond: 1, burst: 1 })
  for (let count = 0; count < 10; count += 1) equal(limit.look('a'), 0)
  equal(limit.take('a'), 0)
  equal(limit.look('a'), 1000)
})

test('threads count together', () => {
  const { clock, table, limit } = openLimit({ perSecond: 1, burst: 4 })
  const other = new RateLimit(table, clock)
  deepEqual(
    [limit, other, limit, other, limit, other].map((one) => one.take('a') > 0),
    [...[false, false, false, false], ...[true, true]],
  )
})

test('whatever the rule and the pauses, no more come through than it says', () => {
  const rules = fc.record({
    perSecond: fc.double({ min: 0.1, max: perSecondMax, noNaN: true }),
    burst: fc.integer({ min: 1, max: 50 }),
  })
  const pauses = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(rules, pauses, (rule, pauses) => {
      const { clock, limit } = openLimit(rule)
      const startMs = clock.ms
      let admitted = 0
      for (const pause of pauses) {
        clock.ms += pause
        if (limit.take('a') === 0) admitted += 1
        const allowed = rule.burst + ((clock.ms - startMs) / 1000) * rule.perSecond
        ok(admitted <= allowed * 1.03 + 1)
      }
    }),
  )
})

test('who keeps to the rule is never refused', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 9 }),
      (every, burst) => {
        const { clock, limit } = openLimit({ perSecond: 1000 / every, burst })
        for (let count = 0; count < 200; count += 1) {
          equal(limit.take('a'), 0)
          clock.ms += every
        }
      },
    ),
  )
})

test('a clock that is put back keeps nobody out, nor one that goes round', () => {
  const rule = { perSecond: 1, burst: 2 }
  for (const startMs of [1_800_000_000_000, 2 ** 36 - 1000]) {
    const { clock, limit } = openLimit(rule, startMs)
    deepEqual(
      [1, 2, 3].map(() => limit.take('a') > 0),
      [false, false, true],
    )
    clock.ms += 2000
    deepEqual(
      [1, 2, 3].map(() => limit.take('a') > 0),
      [false, false, true],
    )
    clock.ms -= 86_400_000
    equal(limit.take('a'), 0)
  }
})

test('more names than there is room for let the quiet ones go first', () => {
  const { limit } = openLimit({ perSecond: 0.001, burst: 5 })
  while (limit.take('busy') === 0);
  for (let count = 0; count < 20_000; count += 1) limit.take(`name ${count}`)
  ok(limit.look('busy') > 0)
})

test('an IPv6 network is one', () => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
    ['', ''],
  ] as const)
    equal(networkOf(address), network)
})
