import { toBase64url } from '#bytes/text'
import { bucketProfile, type ObjectParts, settled } from '#object/_parts'
import { withStoredBody } from '#object/_store-body'
import { checksumToJson, type ObjectChange } from '#object/changes'
import { assertWritable } from '#object/conditions'
import { objectFault } from '#object/faults'
import type {
  BucketName,
  IncomingBody,
  ObjectInfo,
  ObjectKey,
  ObjectMetadata,
  WriteCondition,
} from '#object/model'
import { findVersion, keyBytes, requireBucket } from '#object/rows'

export interface PutOptions {
  readonly body: IncomingBody
  readonly metadata: ObjectMetadata
  readonly condition?: WriteCondition
  readonly signal: AbortSignal
}

/**
 * Data shards durable → one transaction checks the condition and flips the row → the change is in the change log → return.
 * A condition that already fails is refused before the body is read, and checked again inside the commit.
 */
export async function putObject(
  parts: ObjectParts,
  { bucket, key }: { readonly bucket: BucketName; readonly key: ObjectKey },
  { body, metadata, condition, signal }: PutOptions,
): Promise<ObjectInfo> {
  const { profile, id } = await settled(parts, async () => {
    const row = await requireBucket(parts.sql, bucket)
    if (condition !== undefined)
      assertWritable(await findVersion(parts.sql, row.id, key), condition)
    return row
  })
  return await withStoredBody(parts, body, {
    profile: bucketProfile({ profile }),
    signal,
    commit: (stored, refuse) =>
      parts.changelog.commit(async (tx) => {
        try {
          await requireSameBucket(tx, bucket, id)
          assertWritable(await findVersion(tx, id, key), condition)
        } catch (error) {
          refuse(error)
        }
        const { bytes, etag, checksum, chunks, extents } = stored
        const json = checksumToJson(checksum)
        const change: ObjectChange = {
          kind: 'object/put',
          bucket: id,
          key: toBase64url(keyBytes(key)),
          bytes,
          etag,
          metadata,
          ...(json === undefined ? {} : { checksum: json }),
          chunks,
          extents,
        }
        const { sequence, at } = await tx.record(change)
        return {
          bucket,
          key,
          sequence,
          bytes,
          etag,
          modifiedAt: at,
          metadata,
          ...(checksum === undefined ? {} : { checksum }),
        }
      }),
  })
}

/** The bucket must still be there, and be the one whose profile the body was stored with. */
export async function requireSameBucket(
  tx: Parameters<typeof requireBucket>[0],
  bucket: BucketName,
  id: number,
): Promise<void> {
  const row = await requireBucket(tx, bucket)
  if (row.id !== id) throw objectFault('object/no-such-bucket', { bucket })
}
