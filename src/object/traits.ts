/** Tags, retention and legal holds: given with a write, or set later. */
import { toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { classProfile, type ObjectParts } from '#object/_parts'
import type { EventJson, ObjectChange } from '#object/changes'
import { type EventName, eventOf } from '#object/events'
import { objectFault } from '#object/faults'
import { assertRetainable, defaultRetention } from '#object/locks'
import type { LockSettings, ObjectInfo, TraitChanges, Traits, VersionId } from '#object/model'
import { type ObjectAddress, requireInfo } from '#object/open'
import type { Origin } from '#object/origin'
import { type FoundBucket, keyBytes, readSetting, requireBucket } from '#object/rows'
import type { Queryable } from '#sql/sql'
import { requireRoom } from '#store/room'

export async function setTraits(
  parts: ObjectParts,
  address: ObjectAddress,
  wanted: TraitChanges,
  {
    bypassesGovernance,
    origin,
  }: { readonly bypassesGovernance?: boolean; readonly origin?: Origin } = {},
): Promise<{ readonly versionId?: VersionId }> {
  return await parts.changelog.commit(async (tx) => {
    const { id: bucket, is_followed, profile } = await requireBucket(tx, address.bucket)
    const { tags = [] } = wanted
    // Other traits must not wait for room: locks are lifted to make some, and grants withdrawn.
    if (tags.length > 0) requireRoom(parts.store, classProfile(parts, { profile }))
    const info = await requireInfo(tx, address)
    if ('retention' in wanted || 'legalHold' in wanted) await requireLockable(tx, bucket)
    const { retention } = info.traits
    if ('retention' in wanted && retention !== undefined)
      assertRetainable(retention, wanted.retention, { now: tx.at, bypassesGovernance })
    const change: ObjectChange = {
      kind: 'object/traits-set',
      bucket,
      key: toBase64url(keyBytes(address.key)),
      version: Number(info.sequence),
      traits: merged(info.traits, wanted),
      ...eventOfTraits(wanted, info, { isFollowed: is_followed === 1, origin }),
    }
    await tx.record(change)
    return info.versionId === undefined ? {} : { versionId: info.versionId }
  })
}

function eventOfTraits(
  { tags, grants }: TraitChanges,
  { versionId, bytes, etag }: ObjectInfo,
  { isFollowed, origin }: { readonly isFollowed: boolean; readonly origin: Origin | undefined },
): { readonly event?: EventJson } {
  const facts = { ...(versionId === undefined ? {} : { versionId }), bytes, etag }
  const tell = (name: EventName) => eventOf(name, { isFollowed }, origin, facts)
  if (grants !== undefined) return tell('ObjectAcl:Put')
  if (tags === undefined) return {}
  return tell(tags.length === 0 ? 'ObjectTagging:Delete' : 'ObjectTagging:Put')
}

function merged({ retention: former, ...rest }: Traits, wanted: TraitChanges): Traits {
  const { retention: given, ...others } = wanted
  const retention = 'retention' in wanted ? given : former
  return { ...rest, ...others, ...(retention === undefined ? {} : { retention }) }
}

/** For the change of a write: what was asked for, and the bucket's default retention where none was. `object/not-lockable` */
export async function traitsOfWrite(
  tx: CommitTransaction,
  { bucket, versioning }: FoundBucket,
  asked: Traits = {},
): Promise<{ readonly traits?: Traits }> {
  const asksForLock = asked.retention !== undefined || asked.legalHold === true
  // Only buckets that keep versions have locks: others need not look.
  const lock = versioning === 'enabled' ? await findLock(tx, bucket) : undefined
  if (asksForLock && lock === undefined) throw objectFault('object/not-lockable')
  const traits = { ...(lock === undefined ? {} : defaultRetention(lock, tx.at)), ...asked }
  return Object.keys(traits).length === 0 ? {} : { traits }
}

/** `object/not-lockable` */
export async function requireLockable(tx: Queryable, bucket: number): Promise<void> {
  if ((await findLock(tx, bucket)) === undefined) throw objectFault('object/not-lockable')
}

async function findLock(tx: Queryable, bucket: number): Promise<LockSettings | undefined> {
  return await readSetting(tx, bucket, 'lock')
}
