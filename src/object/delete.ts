import { toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { settled } from '#changelog/settled'
import type { ObjectParts } from '#object/_parts'
import type { FormerRow, FoundVersion, ObjectChange } from '#object/changes'
import { assertDeletable } from '#object/conditions'
import { eventOf, nameOfDeletion } from '#object/events'
import { assertRemovable } from '#object/locks'
import type { BucketName, DeleteOptions, Deletion, ObjectKey, VersionId } from '#object/model'
import { toldVersionId } from '#object/names'
import { type Found, findIn, keyBytes, requireBucket, traitsOf, versioned } from '#object/rows'
import { findMarker, findVersionById } from '#object/versions'

/** Deleting what is not there is success, with a condition too (S3). */
export async function deleteObject(
  parts: ObjectParts,
  { bucket, key }: { readonly bucket: BucketName; readonly key: ObjectKey },
  options: DeleteOptions = {},
): Promise<Deletion> {
  return await parts.changelog.commit(async (tx) => {
    const { version } = options
    return version === undefined
      ? await deleteCurrent(tx, { bucket, key }, options)
      : await removeVersion(tx, { bucket, key, version }, options)
  })
}

/** A condition asks of the newest entry, marker or not; where there is none, there is nothing to do. */
async function deleteCurrent(
  tx: CommitTransaction,
  { bucket, key }: { readonly bucket: BucketName; readonly key: ObjectKey },
  { condition, origin }: DeleteOptions,
): Promise<Deletion> {
  const found = await findIn(tx, bucket, key)
  const newest = await findNewest(tx, found, key)
  const isKept = found.versioning !== undefined
  if (newest === undefined && (!isKept || condition !== undefined)) return { isMarker: false }
  if (newest !== undefined && condition !== undefined) assertDeletable(newest, condition)
  const change: ObjectChange = {
    kind: 'object/deleted',
    bucket: found.bucket,
    key: toBase64url(keyBytes(key)),
    ...versioned(found),
    ...eventOf(nameOfDeletion(isKept ? 'DeleteMarkerCreated' : 'Delete', origin), found, origin),
  }
  const { sequence } = await tx.record(change)
  const marker = { sequence, is_null: found.versioning === 'enabled' ? 0 : 1 }
  return { ...toldVersionId(marker, found.versioning), isMarker: isKept }
}

async function findNewest(
  tx: CommitTransaction,
  { bucket, version, versioning }: Found,
  key: ObjectKey,
): Promise<FoundVersion | FormerRow | undefined> {
  if (version !== undefined || versioning === undefined) return version
  return await findMarker(tx, { bucket, key })
}

async function removeVersion(
  tx: CommitTransaction,
  address: { readonly bucket: BucketName; readonly key: ObjectKey; readonly version: VersionId },
  { condition, bypassesGovernance, origin }: DeleteOptions,
): Promise<Deletion> {
  const { id: bucket, versioning, is_followed } = await requireBucket(tx, address.bucket)
  const found = await findVersionById(tx, { bucket, key: address.key }, address.version)
  const named = versioning === null ? {} : { versionId: address.version }
  if (found === undefined) return { ...named, isMarker: false }
  if (condition !== undefined) assertDeletable(found, condition)
  assertRemovable(traitsOf(found), { now: tx.at, bypassesGovernance })
  const change: ObjectChange = {
    kind: 'object/version-removed',
    bucket,
    key: toBase64url(keyBytes(address.key)),
    version: found.sequence,
    ...eventOf(nameOfDeletion('Delete', origin), { isFollowed: is_followed === 1 }, origin, named),
  }
  await tx.record(change)
  return { ...named, isMarker: found.is_marker === 1 }
}

/** One outcome per key, in order. All share a group commit. Without the bucket there are no outcomes. */
export async function deleteObjects(
  parts: ObjectParts,
  bucket: BucketName,
  asked: readonly (DeleteOptions & { readonly key: ObjectKey })[],
): Promise<readonly (Deletion | Error)[]> {
  await settled(parts, () => requireBucket(parts.sql, bucket))
  const outcomes = await Promise.allSettled(
    asked.map(({ key, ...options }) => deleteObject(parts, { bucket, key }, options)),
  )
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return outcome.value
    return outcome.reason instanceof Error ? outcome.reason : new Error(String(outcome.reason))
  })
}
