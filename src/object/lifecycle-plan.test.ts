import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  expiryOf,
  type LifecycleEntry,
  planEntry,
  planUpload,
  prefixesOf,
  uploadEnd,
} from '#object/lifecycle-plan'
import type { LifecycleConditions, LifecycleRule } from '#object/lifecycle-rules'
import { dayMs } from '#object/locks'
import { parseObjectKey } from '#object/names'

/** 2026-03-04T05:06:07Z */
const writtenAt = Date.UTC(2026, 2, 4, 5, 6, 7)
const midnight = Date.UTC(2026, 2, 4)

const keys = ['a', 'a/b', 'a/b/c', 'logs/1', 'z']
const tag = fc.tuple(fc.constantFrom('k', 'l'), fc.constantFrom('1', '2'))
const tags = fc.uniqueArray(tag, { maxLength: 2, selector: ([name]) => name })
const anyDays = fc.integer({ min: 1, max: 5 })
const conditions: fc.Arbitrary<LifecycleConditions> = fc.record(
  {
    prefix: fc.constantFrom('', 'a', 'a/', 'logs/'),
    tags,
    bytesAbove: fc.integer({ min: 0, max: 50 }),
    bytesBelow: fc.integer({ min: 1, max: 100 }),
  },
  { requiredKeys: [] },
)
const time = fc.oneof(
  fc.record({ days: anyDays }),
  fc.record({ at: fc.integer({ min: 0, max: 6 }).map((days) => midnight + days * dayMs) }),
)
const storageClass = fc.constantFrom('COLD', 'WARM', 'STANDARD')
const former = { days: anyDays, newerKept: fc.integer({ min: 1, max: 3 }) }
const rule: fc.Arbitrary<LifecycleRule> = fc.record(
  {
    id: fc.string(),
    isEnabled: fc.boolean(),
    prefix: fc.constantFrom('', 'a', 'logs/'),
    filter: fc.oneof(
      conditions,
      fc.record({ and: conditions }),
      fc.tuple(conditions, conditions).map(([filter, and]) => ({ ...filter, and })),
    ),
    expiration: fc.oneof(time, fc.record({ removesMarkers: fc.boolean() })),
    formerExpiration: fc.record(former, { requiredKeys: ['days'] }),
    abortsUploadsAfterDays: anyDays,
    transitions: fc.array(
      fc.tuple(time, storageClass).map(([when, name]) => ({ ...when, storageClass: name })),
    ),
    formerTransitions: fc.array(
      fc.record({ ...former, storageClass }, { requiredKeys: ['days', 'storageClass'] }),
    ),
  },
  { requiredKeys: ['id', 'isEnabled'] },
)
const rules = fc.array(rule, { maxLength: 4 })
const stored = {
  key: fc.constantFrom(...keys),
  writtenAt: fc.constant(writtenAt),
  bytes: fc.integer({ min: 0, max: 100 }),
  tags,
  storageClass,
}
const replaced = {
  key: stored.key,
  replacedAt: fc.constant(writtenAt),
  newerFormers: fc.integer({ min: 0, max: 4 }),
}
const entry: fc.Arbitrary<LifecycleEntry> = fc.oneof(
  fc.record({ state: fc.constant('current' as const), ...stored }),
  fc.record({ state: fc.constant('former' as const), ...stored, ...replaced }),
  fc.record({ state: fc.constant('former-marker' as const), ...replaced }),
  fc.record({
    state: fc.constant('marker' as const),
    key: stored.key,
    writtenAt: stored.writtenAt,
    isAlone: fc.boolean(),
  }),
)
const now = fc.integer({ min: 0, max: 8 * dayMs }).map((ms) => midnight + ms)
const engineDayMs = fc.constantFrom(dayMs, 10_000)

test('nothing is done to what no rule in force is about', () =>
  fc.assert(
    fc.property(rules, entry, now, engineDayMs, (all, one, at, day) => {
      const deed = planEntry(all, one, { now: at, engineDayMs: day })
      if (deed === undefined) return
      const named = all.filter(({ id }) => id === deed.rule)
      ok(named.some((told) => told.isEnabled && one.key.startsWith(told.prefix ?? '')))
      const inForce = all.filter(({ isEnabled }) => isEnabled)
      deepEqual(planEntry(inForce, one, { now: at, engineDayMs: day }), deed)
      ok(prefixesOf(all).some((prefix) => one.key.startsWith(prefix)))
    }),
  ))

test('what is due stays due, unless it has been moved', () =>
  fc.assert(
    fc.property(rules, entry, now, fc.nat(4 * dayMs), engineDayMs, (all, one, at, later, day) => {
      const deed = planEntry(all, one, { now: at, engineDayMs: day })
      const then = planEntry(all, one, { now: at + later, engineDayMs: day })
      if (deed !== undefined && deed.kind !== 'move') equal(then?.kind, deed.kind)
      if (deed?.kind === 'move' && one.state !== 'marker' && one.state !== 'former-marker') {
        const moved = { ...one, storageClass: deed.storageClass }
        equal(planEntry(all, moved, { now: at, engineDayMs: day }), undefined)
      }
    }),
  ))

test('nothing is early: what days ask for is not done before they have passed', () =>
  fc.assert(
    fc.property(
      rules,
      entry,
      engineDayMs,
      fc.double({ min: 0, max: 0.999 }),
      (all, one, day, part) => {
        const dated = JSON.stringify(all).includes('"at"')
        const marks = one.state === 'marker' // which may go at once
        const at = Math.floor(writtenAt + part * day)
        if (!dated && !marks) equal(planEntry(all, one, { now: at, engineDayMs: day }), undefined)
      },
    ),
  ))

test('what expires is told beforehand, and is done then and not a millisecond before', () =>
  fc.assert(
    fc.property(rules, fc.record(stored), (all, one) => {
      const current: LifecycleEntry = { state: 'current', ...one }
      const info = {
        key: parseObjectKey(one.key),
        modifiedAt: one.writtenAt,
        bytes: one.bytes,
        traits: { tags: one.tags },
      }
      const expiry = expiryOf(all, info)
      const kindAt = (ms: number): string | undefined =>
        planEntry(all, current, { now: ms, engineDayMs: dayMs })?.kind
      if (expiry === undefined) return ok(kindAt(midnight + 1_000 * dayMs) !== 'expire')
      equal(expiry.at % dayMs, 0)
      equal(kindAt(expiry.at), 'expire')
      ok(kindAt(expiry.at - 1) !== 'expire')
    }),
  ))

test('uploads end when it was said they would', () =>
  fc.assert(
    fc.property(rules, stored.key, (all, key) => {
      const upload = { key, startedAt: writtenAt }
      const end = uploadEnd(all, upload)
      const ruleAt = (ms: number): string | undefined =>
        planUpload(all, upload, { now: ms, engineDayMs: dayMs })
      if (end === undefined) return equal(ruleAt(midnight + 1_000 * dayMs), undefined)
      equal(ruleAt(end.at - 1), undefined)
      equal(ruleAt(end.at), end.rule)
    }),
  ))

const ruleOf = (more: Partial<LifecycleRule>): LifecycleRule => {
  return { id: 'r', isEnabled: true, prefix: '', ...more }
}
const currentEntry: Extract<LifecycleEntry, { state: 'current' }> = {
  state: 'current',
  key: 'a',
  writtenAt,
  bytes: 10,
  tags: [['k', '1']],
  storageClass: 'STANDARD',
}
const kindOf = (one: LifecycleEntry, more: Partial<LifecycleRule>, days = 10) =>
  planEntry([ruleOf(more)], one, { now: writtenAt + days * dayMs, engineDayMs: dayMs })?.kind

test('a day ends at the midnight that follows it, but a shortened one when it is over', () => {
  const days = { expiration: { days: 1 } }
  const plan = (at: number, day: number) =>
    planEntry([ruleOf(days)], currentEntry, { now: at, engineDayMs: day })?.kind
  equal(plan(Date.UTC(2026, 2, 5, 23, 59, 59, 999), dayMs), undefined)
  equal(plan(Date.UTC(2026, 2, 6), dayMs), 'expire')
  equal(plan(writtenAt + 9_999, 10_000), undefined)
  equal(plan(writtenAt + 10_000, 10_000), 'expire')
})

test('a marker goes only when it is alone, at once or with age; tags and sizes are not about it', () => {
  const marker: LifecycleEntry = { state: 'marker', key: 'a', writtenAt, isAlone: true }
  equal(kindOf(marker, { expiration: { removesMarkers: true } }, 0), 'remove')
  equal(kindOf(marker, { expiration: { removesMarkers: false } }), undefined)
  equal(kindOf(marker, { expiration: { days: 3 } }), 'remove')
  equal(kindOf(marker, { expiration: { days: 30 } }), undefined)
  equal(kindOf({ ...marker, isAlone: false }, { expiration: { days: 3 } }), undefined)
  const tagged = { filter: { tags: [['k', '1']] as const }, expiration: { days: 3 } }
  equal(kindOf(marker, tagged), undefined)
  equal(kindOf(currentEntry, tagged), 'expire')
})

test('the newest former versions are left alone where a rule says how many', () => {
  const formerEntry = (newerFormers: number): LifecycleEntry => {
    return { ...currentEntry, state: 'former', replacedAt: writtenAt, newerFormers }
  }
  const keepsTwo = { formerExpiration: { days: 1, newerKept: 2 } }
  deepEqual(
    [0, 1, 2, 3].map((newer) => kindOf(formerEntry(newer), keepsTwo)),
    [undefined, undefined, 'remove', 'remove'],
  )
})

test('what goes is not moved first; of several classes the latest one counts', () => {
  const transitions = [
    { days: 5, storageClass: 'COLD' },
    { days: 2, storageClass: 'WARM' },
  ]
  equal(kindOf(currentEntry, { transitions, expiration: { days: 6 } }), 'expire')
  const moved = planEntry([ruleOf({ transitions })], currentEntry, {
    now: writtenAt + 10 * dayMs,
    engineDayMs: dayMs,
  })
  deepEqual(moved, { kind: 'move', storageClass: 'COLD', rule: 'r' })
})

test('small objects are moved as their bucket says, unless a rule speaks of sizes itself', () => {
  const transitions = [
    { days: 1, storageClass: 'WARM' },
    { days: 1, storageClass: 'GLACIER' },
  ]
  const classOf = (bytes: number, more: Partial<LifecycleRule>): string | undefined => {
    const deeds = transitions.map((one) =>
      planEntry([ruleOf({ transitions: [one], ...more })], { ...currentEntry, bytes }, moment),
    )
    return deeds.map((deed) => (deed?.kind === 'move' ? deed.storageClass : '-')).join()
  }
  const moment = { now: writtenAt + 10 * dayMs, engineDayMs: dayMs }
  const none = { smallObjects: 'all_storage_classes_128K' } as const
  const archives = { smallObjects: 'varies_by_storage_class' } as const
  equal(classOf(131_071, {}), 'WARM,GLACIER')
  equal(classOf(131_071, none), '-,-')
  equal(classOf(131_072, none), 'WARM,GLACIER')
  equal(classOf(131_071, archives), '-,GLACIER')
  equal(classOf(100, { ...none, filter: { bytesAbove: 50 } }), 'WARM,GLACIER')
  equal(classOf(100, { ...none, filter: { and: { bytesBelow: 500 } } }), 'WARM,GLACIER')
})

test('all that a filter states must be so, with or without And around it', () => {
  const expiration = { days: 1 }
  const both = { prefix: 'a', tags: [['k', '1']] as const, and: { tags: [['l', '2']] as const } }
  equal(kindOf(currentEntry, { filter: both, expiration }), undefined)
  const tags = [...currentEntry.tags, ['l', '2'] as const]
  equal(kindOf({ ...currentEntry, tags }, { filter: both, expiration }), 'expire')
  equal(kindOf(currentEntry, { filter: { bytesAbove: 10 }, expiration }), undefined)
  equal(kindOf(currentEntry, { filter: { bytesAbove: 9, bytesBelow: 11 }, expiration }), 'expire')
  equal(kindOf(currentEntry, { filter: { bytesBelow: 10 }, expiration }), undefined)
})

test('keys that no rule is about need not be looked at', () => {
  const of = (...prefixes: readonly string[]) =>
    prefixesOf(prefixes.map((prefix) => ruleOf({ prefix })))
  deepEqual(of('b/', 'a/x', 'a/'), ['a/', 'b/'])
  deepEqual(of('b/', ''), [''])
  deepEqual(prefixesOf([ruleOf({ isEnabled: false })]), [])
})
