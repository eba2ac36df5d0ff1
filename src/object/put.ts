import { toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
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
  Traits,
  WriteCondition,
} from '#object/model'
import {
  type Found,
  findIn,
  keyBytes,
  requireBucket,
  versioned,
  writtenVersionId,
} from '#object/rows'
import { traitsOfWrite } from '#object/traits'

export interface PutOptions {
  readonly body: IncomingBody
  readonly metadata: ObjectMetadata
  readonly traits?: Traits
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
  { body, metadata, traits: asked, condition, signal }: PutOptions,
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
        const found = await findTarget(tx, { bucket, key, id }, condition).catch(refuse)
        const given = await traitsOfWrite(tx, found, asked).catch(refuse)
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
          ...versioned(found),
          ...given,
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
          ...writtenVersionId(sequence, found),
          traits: given.traits ?? {},
        }
      }),
  })
}

/** The bucket must still be the one whose profile the body was stored with, and the condition must hold now. */
async function findTarget(
  tx: CommitTransaction,
  {
    bucket,
    key,
    id,
  }: { readonly bucket: BucketName; readonly key: ObjectKey; readonly id: number },
  condition: WriteCondition | undefined,
): Promise<Found> {
  const found = await findIn(tx, bucket, key)
  if (found.bucket !== id) throw objectFault('object/no-such-bucket', { bucket })
  assertWritable(found.version, condition)
  return found
}
