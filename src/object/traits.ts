/** Tags, retention and legal holds: given with a write, or set later. */
import { toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import type { ObjectParts } from '#object/_parts'
import type { ObjectChange } from '#object/changes'
import { objectFault } from '#object/faults'
import { assertRetainable, defaultRetention } from '#object/locks'
import type { LockSettings, TraitChanges, Traits, VersionId } from '#object/model'
import { type ObjectAddress, requireInfo } from '#object/open'
import { type Found, keyBytes, readConfig, requireBucket } from '#object/rows'
import type { Queryable } from '#sql/sql'

export async function setTraits(
  parts: ObjectParts,
  address: ObjectAddress,
  wanted: TraitChanges,
  { bypassesGovernance }: { readonly bypassesGovernance?: boolean } = {},
): Promise<{ readonly versionId?: VersionId }> {
  return await parts.changelog.commit(async (tx) => {
    const { id: bucket } = await requireBucket(tx, address.bucket)
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
    }
    await tx.record(change)
    return info.versionId === undefined ? {} : { versionId: info.versionId }
  })
}

function merged({ retention: former, ...rest }: Traits, wanted: TraitChanges): Traits {
  const { retention: given, ...others } = wanted
  const retention = 'retention' in wanted ? given : former
  return { ...rest, ...others, ...(retention === undefined ? {} : { retention }) }
}

/** For the change of a write: what was asked for, and the bucket's default retention where none was. `object/not-lockable` */
export async function traitsOfWrite(
  tx: CommitTransaction,
  { bucket, versioning }: Found,
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
  return (await readConfig(tx, bucket)).lock
}
