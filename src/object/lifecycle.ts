/**
 * Does what buckets' lifecycle rules say is due. The keys that rules are about are looked at page by page; what seems due is decided again inside
 * the commit that does it, from the rules, versions, tags and locks of that moment: nothing that was written in between is lost. Nothing
 * need be remembered between runs: what a run that was cut short has left is found by the next.
 */
import { toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { isFault } from '#fault/fault'
import type { ObjectParts } from '#object/_parts'
import type { Place } from '#object/_versions'
import type { ObjectChange, UploadRow } from '#object/changes'
import { eventOf, nameOfDeletion } from '#object/events'
import { findEntry, walkEntries } from '#object/lifecycle-entries'
import {
  type LifecycleDeed,
  type LifecycleMoment,
  planEntry,
  planUpload,
  prefixesOf,
} from '#object/lifecycle-plan'
import type { LifecycleRule } from '#object/lifecycle-rules'
import { walkUploads } from '#object/list-uploads'
import { assertRemovable } from '#object/locks'
import { moveVersion } from '#object/move'
import { toldVersionId } from '#object/names'
import type { Origin } from '#object/origin'
import { findBucketById, keyText, readSetting, traitsOf, versioningOf } from '#object/rows'
import type { Queryable } from '#sql/sql'
import { inLanes } from '#stream/lanes'
import type { Telemetry } from '#telemetry/telemetry'

/** Rows of a table read at once. */
const pageRows = 1_000
/** After each page, so that users' requests come in between: a million keys take some twenty seconds. */
const breathMs = 10
/** Deeds under way at once: they share group commits. */
const lanes = 16

/** For those who are told of what happened. */
const origin: Origin = { means: 'lifecycle' }

export interface LifecycleOptions {
  /** What the rules' days are taken for: 24 hours, but where lifecycle is tried out. */
  readonly engineDayMs: number
  readonly telemetry: Pick<Telemetry, 'lifecycleActed'>
  readonly signal: AbortSignal
}

type Tally = Record<'expired' | 'removed' | 'moved' | 'aborted' | 'kept' | 'failed', number>

/** One pass over all buckets with rules. Each deed is durable when it is counted. What fails in one bucket is thrown when the others have had their turn. */
export async function runLifecycle(parts: ObjectParts, options: LifecycleOptions): Promise<void> {
  const buckets = await parts.sql.query<{ id: number; name: string }>`
    select bucket.id, bucket.name from bucket join bucket_config on bucket_config.bucket = bucket.id
    where bucket_config.name = 'lifecycle' order by bucket.id`
  const failures: unknown[] = []
  for (const { id, name } of buckets) {
    const tally: Tally = { expired: 0, removed: 0, moved: 0, aborted: 0, kept: 0, failed: 0 }
    try {
      await serveBucket(parts, id, { ...options, tally })
    } catch (error) {
      options.signal.throwIfAborted()
      failures.push(error)
    } finally {
      if (Object.values(tally).some((count) => count > 0))
        options.telemetry.lifecycleActed({ bucket: name, ...tally })
    }
  }
  if (failures.length > 0) throw failures[0]
}

/** What is so stays where it is, and is tried again by the next run. */
const immovable = [
  'store/unreadable',
  'store/out-of-space',
  'store/too-few-nodes',
  'store/too-few-shards',
  'object/unknown-storage-class',
  'object/customer-key-needed',
  'kms/key-disabled',
] as const

interface Work extends LifecycleOptions {
  readonly tally: Tally
}

async function serveBucket(parts: ObjectParts, bucket: number, work: Work): Promise<void> {
  const rules = await rulesOf(parts.sql, bucket)
  // One time for all of it: what a page shows as due is due in its commit too, and never early.
  const moment = { now: parts.world.now(), engineDayMs: work.engineDayMs }
  for (const prefix of prefixesOf(rules.filter(isAboutEntries))) {
    const due = dueEntries(parts, { bucket, prefix, rules, moment }, work)
    await inLanes(due, lanes, (entry) => act(parts, { ...entry, bucket, moment }, work))
  }
  for (const prefix of prefixesOf(rules.filter(isAboutUploads))) {
    const due = dueUploads(parts, { bucket, prefix, rules, moment }, work)
    await inLanes(due, lanes, (upload) => abort(parts, { upload, moment }, work))
  }
}

function isAboutUploads({ abortsUploadsAfterDays }: LifecycleRule): boolean {
  return abortsUploadsAfterDays !== undefined
}

function isAboutEntries(rule: LifecycleRule): boolean {
  const { expiration, formerExpiration, transitions, formerTransitions } = rule
  return [expiration, formerExpiration, transitions, formerTransitions].some(
    (action) => action !== undefined,
  )
}

async function rulesOf(tx: Queryable, bucket: number): Promise<readonly LifecycleRule[]> {
  return (await readSetting(tx, bucket, 'lifecycle')) ?? []
}

interface Search {
  readonly bucket: number
  readonly prefix: string
  readonly rules: readonly LifecycleRule[]
  readonly moment: LifecycleMoment
}

interface Due extends Place {
  readonly sequence: number
  readonly moment: LifecycleMoment
}

async function* dueEntries(
  { sql, world }: ObjectParts,
  { bucket, prefix, rules, moment }: Search,
  { signal }: Work,
): AsyncGenerator<{ readonly key: Uint8Array; readonly sequence: number }> {
  for await (const page of walkEntries(sql, { bucket, prefix, pageRows })) {
    for (const { key, sequence, entry } of page) {
      signal.throwIfAborted()
      if (planEntry(rules, entry, moment) !== undefined) yield { key, sequence }
    }
    await world.sleep(breathMs, { signal })
  }
}

/** A lock keeps what it keeps; what cannot be read, for want of its writer's key perhaps, or has no class to go to, stays where it is. */
async function act(parts: ObjectParts, due: Due, { tally, signal }: Work): Promise<void> {
  try {
    const deed = await parts.changelog.commit((tx) => decideAndRecord(tx, due))
    switch (deed?.kind) {
      case undefined:
        return
      case 'expire':
        tally.expired += 1
        return
      case 'remove':
        tally.removed += 1
        return
      case 'move': {
        const { storageClass } = deed
        const stillDue = async (tx: Queryable): Promise<boolean> => {
          const now = (await decide(tx, due))?.deed
          return now?.kind === 'move' && now.storageClass === storageClass
        }
        const isMoved = await moveVersion(parts, due, { storageClass, stillDue, signal })
        if (isMoved) tally.moved += 1
      }
    }
  } catch (error) {
    if (isFault(error, 'object/precondition-failed')) return // it was changed while it was stored anew
    if (isFault(error, 'object/locked')) tally.kept += 1
    else if (isFault(error, ...immovable)) tally.failed += 1
    else throw error
  }
}

async function decide(tx: Queryable, { bucket, key, sequence, moment }: Due) {
  const found = await findEntry(tx, { bucket, key }, sequence)
  const deed = found && planEntry(await rulesOf(tx, bucket), found.entry, moment)
  return deed && { deed, row: found.row }
}

/** Objects that are to be moved are stored anew first, outside: for them nothing is recorded yet. */
async function decideAndRecord(
  tx: CommitTransaction,
  due: Due,
): Promise<LifecycleDeed | undefined> {
  const { bucket, sequence } = due
  const { deed, row } = (await decide(tx, due)) ?? {}
  if (deed === undefined || row === undefined || deed.kind === 'move') return deed
  const home = await findBucketById(tx, bucket)
  const kept = versioningOf(home)
  const followed = { isFollowed: home.is_followed === 1 }
  const place = { bucket, key: toBase64url(due.key) }
  if (deed.kind === 'remove') assertRemovable(traitsOf(row), { now: tx.at })
  const isKept = deed.kind === 'expire' && kept.versioning !== undefined
  const name = nameOfDeletion(isKept ? 'DeleteMarkerCreated' : 'Delete', origin)
  const change: ObjectChange =
    deed.kind === 'expire'
      ? {
          kind: 'object/deleted',
          ...place,
          ...kept,
          ...eventOf(name, followed, origin),
        }
      : {
          kind: 'object/version-removed',
          ...place,
          version: sequence,
          ...eventOf(name, followed, origin, toldVersionId(row, kept.versioning)),
        }
  await tx.record(change)
  return deed
}

async function* dueUploads(
  { sql, world }: ObjectParts,
  { bucket, prefix, rules, moment }: Search,
  { signal }: Work,
): AsyncGenerator<string> {
  for await (const page of walkUploads(sql, { bucket, prefix, pageRows })) {
    for (const row of page) {
      signal.throwIfAborted()
      if (isUploadDue(rules, row, moment)) yield row.id
    }
    await world.sleep(breathMs, { signal })
  }
}

function isUploadDue(
  rules: readonly LifecycleRule[],
  { key, at }: UploadRow,
  moment: LifecycleMoment,
): boolean {
  return planUpload(rules, { key: keyText(key), startedAt: at }, moment) !== undefined
}

async function abort(
  { changelog }: ObjectParts,
  { upload, moment }: { readonly upload: string; readonly moment: LifecycleMoment },
  { tally }: Work,
): Promise<void> {
  const isAborted = await changelog.commit(async (tx) => {
    const [row] = await tx.query<UploadRow>`select * from upload where id = ${upload}`
    if (row === undefined || !isUploadDue(await rulesOf(tx, row.bucket), row, moment)) return false
    const change: ObjectChange = { kind: 'object/upload-aborted', upload }
    await tx.record(change)
    return true
  })
  if (isAborted) tally.aborted += 1
}
