import { toBase64url } from '#bytes/text'
import { type ObjectParts, settled } from '#object/_parts'
import type { ObjectChange } from '#object/changes'
import { assertWritable } from '#object/conditions'
import type { BucketName, ObjectKey } from '#object/model'
import { findIn, keyBytes, requireBucket } from '#object/rows'

/** Deleting what is not there is success, with a condition too (S3). */
export async function deleteObject(
  parts: ObjectParts,
  { bucket, key }: { readonly bucket: BucketName; readonly key: ObjectKey },
  { ifMatch }: { readonly ifMatch?: readonly string[] | '*' } = {},
): Promise<void> {
  await parts.changelog.commit(async (tx) => {
    const { bucket: id, version: current } = await findIn(tx, bucket, key)
    if (current === undefined) return
    if (ifMatch !== undefined) assertWritable(current, { ifMatch })
    const change: ObjectChange = {
      kind: 'object/deleted',
      bucket: id,
      key: toBase64url(keyBytes(key)),
    }
    await tx.record(change)
  })
}

/** One outcome per key, in order: `undefined` for success. All share a group commit. Without the bucket there are no outcomes. */
export async function deleteObjects(
  parts: ObjectParts,
  bucket: BucketName,
  keys: readonly ObjectKey[],
): Promise<readonly (Error | undefined)[]> {
  await settled(parts, () => requireBucket(parts.sql, bucket))
  const outcomes = await Promise.allSettled(keys.map((key) => deleteObject(parts, { bucket, key })))
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return undefined
    return outcome.reason instanceof Error ? outcome.reason : new Error(String(outcome.reason))
  })
}
