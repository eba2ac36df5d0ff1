import { toBase64url } from '#bytes/text'
import { bucketProfile, type ObjectParts, settledIfRefused } from '#object/_parts'
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
import { findIn, keyBytes, requireBucket } from '#object/rows'

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
  const { profile, id } = await settledIfRefused(parts, async () => {
    if (condition === undefined) return await requireBucket(parts.sql, bucket)
    const found = await findIn(parts.sql, bucket, key)
    assertWritable(found.version, condition)
    return { id: found.bucket, profile: found.profile }
  })
  return await withStoredBody(parts, body, {
    profile: bucketProfile({ profile }),
    signal,
    commit: (stored, refuse) =>
      parts.changelog.commit(async (tx) => {
        try {
          const found = await findIn(tx, bucket, key)
          // The bucket must still be the one whose profile the body was stored with.
          if (found.bucket !== id) throw objectFault('object/no-such-bucket', { bucket })
          assertWritable(found.version, condition)
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
