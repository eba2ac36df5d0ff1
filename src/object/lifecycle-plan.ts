/** What a bucket's rules say of one version, marker or upload at a time. Pure: the same facts give the same answer. */

import {
  type LifecycleConditions,
  type LifecycleRule,
  type LifecycleTime,
  smallBytesBelow,
} from '#object/lifecycle-rules'
import { dayMs } from '#object/locks'
import type { ObjectInfo, Tags } from '#object/model'

/** Where AWS moves objects of any size by `varies_by_storage_class`. */
const archiveClasses: readonly string[] = ['GLACIER', 'DEEP_ARCHIVE']

/** One entry of a key's stack. */
export type LifecycleEntry =
  | ({ readonly state: 'current' } & Stored)
  | ({ readonly state: 'former' } & Stored & Replaced)
  /** A delete marker that something newer took the place of. */
  | ({ readonly state: 'former-marker'; readonly key: string } & Replaced)
  /** The newest entry is a marker. */
  | {
      readonly state: 'marker'
      readonly key: string
      readonly writtenAt: number
      /** Nothing is left behind it. */
      readonly isAlone: boolean
    }

interface Stored {
  readonly key: string
  readonly writtenAt: number
  readonly bytes: number
  readonly tags: Tags
  readonly storageClass: string
}

interface Replaced {
  /** When the next newer entry was written. */
  readonly replacedAt: number
  /** Entries between it and the newest one. */
  readonly newerFormers: number
}

export type LifecycleDeed =
  /** As a client's delete: where versions are kept, a marker. */
  | { readonly kind: 'expire'; readonly rule: string }
  /** For good. */
  | { readonly kind: 'remove'; readonly rule: string }
  | { readonly kind: 'move'; readonly storageClass: string; readonly rule: string }

export interface LifecycleMoment {
  readonly now: number
  /** What the engine takes for a day: shorter where it is tried out. */
  readonly engineDayMs: number
}

/** What is due of an entry now; what goes is not moved first. */
export function planEntry(
  rules: readonly LifecycleRule[],
  entry: LifecycleEntry,
  moment: LifecycleMoment,
): LifecycleDeed | undefined {
  const applying = rules.filter((rule) => rule.isEnabled && isAbout(rule, entry))
  const ending = applying.find((rule) => ends(rule, entry, moment))
  if (ending !== undefined)
    return { kind: entry.state === 'current' ? 'expire' : 'remove', rule: ending.id }
  return planMove(applying, entry, moment)
}

/** Whether an upload that was begun then is to be given up now, and by which rule. */
export function planUpload(
  rules: readonly LifecycleRule[],
  upload: { readonly key: string; readonly startedAt: number },
  { now, engineDayMs }: LifecycleMoment,
): string | undefined {
  const { at, rule } = uploadEnd(rules, upload, engineDayMs) ?? {}
  return at !== undefined && at <= now ? rule : undefined
}

/** When an upload ends unless it is completed; of several rules the earliest counts. */
export function uploadEnd(
  rules: readonly LifecycleRule[],
  { key, startedAt }: { readonly key: string; readonly startedAt: number },
  engineDayMs = dayMs,
): { readonly at: number; readonly rule: string } | undefined {
  const ends = rules.flatMap((rule) => {
    const { abortsUploadsAfterDays: days, isEnabled, id } = rule
    if (!isEnabled || days === undefined || !hasPrefix(rule, key)) return []
    return { at: dueAfter(startedAt, days, engineDayMs), rule: id }
  })
  return earliest(ends)
}

/** When a current version expires, in real days; of several rules the earliest counts. */
export function expiryOf(
  rules: readonly LifecycleRule[],
  info: Pick<ObjectInfo, 'key' | 'modifiedAt' | 'bytes' | 'traits'>,
): { readonly at: number; readonly rule: string } | undefined {
  const entry: LifecycleEntry = {
    state: 'current',
    key: info.key,
    writtenAt: info.modifiedAt,
    bytes: info.bytes,
    tags: info.traits.tags ?? [],
    storageClass: '',
  }
  const expiries = rules.flatMap((rule) => {
    const { expiration, isEnabled, id } = rule
    if (!isEnabled || !isAbout(rule, entry) || expiration === undefined) return []
    if ('removesMarkers' in expiration) return []
    return { at: timeOf(expiration, entry.writtenAt, dayMs), rule: id }
  })
  return earliest(expiries)
}

/** Keys that no rule in force is about need not be looked at: prefixes of which none begins with another. */
export function prefixesOf(rules: readonly LifecycleRule[]): readonly string[] {
  const prefixes = rules
    .filter(({ isEnabled }) => isEnabled)
    .map((rule) => longest(prefixConditions(rule)))
    .sort()
  return prefixes.filter(
    (prefix, index) => !prefixes.slice(0, index).some((other) => prefix.startsWith(other)),
  )
}

function ends(rule: LifecycleRule, entry: LifecycleEntry, moment: LifecycleMoment): boolean {
  const { expiration, formerExpiration } = rule
  switch (entry.state) {
    case 'current':
      return expiration !== undefined && isTimed(expiration) && isDue(expiration, entry, moment)
    case 'marker':
      if (expiration === undefined || !entry.isAlone) return false
      return isTimed(expiration)
        ? isDue(expiration, entry, moment)
        : expiration.removesMarkers === true
    case 'former':
    case 'former-marker':
      return formerExpiration !== undefined && isDueFormer(formerExpiration, entry, moment)
  }
}

/** To the class whose time came last. */
function planMove(
  rules: readonly LifecycleRule[],
  entry: LifecycleEntry,
  moment: LifecycleMoment,
): LifecycleDeed | undefined {
  if (entry.state === 'marker' || entry.state === 'former-marker') return undefined
  const { engineDayMs, now } = moment
  const moves = rules.flatMap(({ id: rule, transitions = [], formerTransitions = [], ...rest }) =>
    entry.state === 'current'
      ? transitions.filter(isMeant(rest, entry)).map(({ storageClass, ...time }) => {
          return { rule, storageClass, at: timeOf(time, entry.writtenAt, engineDayMs) }
        })
      : formerTransitions
          .filter(isMeant(rest, entry))
          .filter(({ newerKept = 0 }) => entry.newerFormers >= newerKept)
          .map(({ storageClass, days }) => {
            return { rule, storageClass, at: dueAfter(entry.replacedAt, days, engineDayMs) }
          }),
  )
  const due = moves.filter(({ at }) => at <= now).sort((one, other) => other.at - one.at)
  const [last] = due
  if (last === undefined || last.storageClass === entry.storageClass) return undefined
  return { kind: 'move', storageClass: last.storageClass, rule: last.rule }
}

/** Whether a transition is about an object of this size. */
function isMeant(
  { smallObjects, filter }: Pick<LifecycleRule, 'smallObjects' | 'filter'>,
  { bytes }: Stored,
): (transition: { readonly storageClass: string }) => boolean {
  const conditions = [filter, filter?.and]
  const hasOwnSay = conditions.some(
    (one) => one?.bytesAbove !== undefined || one?.bytesBelow !== undefined,
  )
  if (smallObjects === undefined || hasOwnSay || bytes >= smallBytesBelow) return () => true
  return ({ storageClass }) =>
    smallObjects === 'varies_by_storage_class' && archiveClasses.includes(storageClass)
}

function isTimed(
  expiration: NonNullable<LifecycleRule['expiration']>,
): expiration is LifecycleTime {
  return !('removesMarkers' in expiration)
}

function isDue(
  time: LifecycleTime,
  { writtenAt }: { readonly writtenAt: number },
  { now, engineDayMs }: LifecycleMoment,
): boolean {
  return timeOf(time, writtenAt, engineDayMs) <= now
}

function isDueFormer(
  { days, newerKept = 0 }: NonNullable<LifecycleRule['formerExpiration']>,
  { replacedAt, newerFormers }: Replaced,
  { now, engineDayMs }: LifecycleMoment,
): boolean {
  return newerFormers >= newerKept && dueAfter(replacedAt, days, engineDayMs) <= now
}

function timeOf(time: LifecycleTime, writtenAt: number, engineDayMs: number): number {
  return 'at' in time ? time.at : dueAfter(writtenAt, time.days, engineDayMs)
}

/** S3 counts whole days, to the midnight (UTC) that follows; a day that was shortened has no midnight. */
function dueAfter(since: number, days: number, engineDayMs: number): number {
  const due = since + days * engineDayMs
  return engineDayMs === dayMs ? Math.ceil(due / dayMs) * dayMs : due
}

function isAbout(rule: LifecycleRule, entry: LifecycleEntry): boolean {
  if (!hasPrefix(rule, entry.key)) return false
  const conditions = [rule.filter ?? {}, rule.filter?.and ?? {}]
  return conditions.every((stated) => meets(stated, entry))
}

/** A marker has neither size nor tags: what asks for them is not about it. */
function meets(
  { tags = [], bytesAbove, bytesBelow }: LifecycleConditions,
  entry: LifecycleEntry,
): boolean {
  if (entry.state === 'marker' || entry.state === 'former-marker')
    return tags.length === 0 && bytesAbove === undefined && bytesBelow === undefined
  const has = new Map(entry.tags)
  return (
    tags.every(([name, value]) => has.get(name) === value) &&
    (bytesAbove === undefined || entry.bytes > bytesAbove) &&
    (bytesBelow === undefined || entry.bytes < bytesBelow)
  )
}

function hasPrefix(rule: LifecycleRule, key: string): boolean {
  return prefixConditions(rule).every((prefix) => key.startsWith(prefix))
}

function prefixConditions({ prefix = '', filter }: LifecycleRule): readonly string[] {
  return [prefix, filter?.prefix ?? '', filter?.and?.prefix ?? '']
}

function longest(texts: readonly string[]): string {
  return texts.reduce((one, other) => (other.length > one.length ? other : one), '')
}

function earliest<T extends { readonly at: number }>(times: readonly T[]): T | undefined {
  return times.reduce<T | undefined>(
    (one, other) => (one === undefined || other.at < one.at ? other : one),
    undefined,
  )
}
