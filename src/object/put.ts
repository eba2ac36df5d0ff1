import { toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { settledIfRefused } from '#changelog/settled'
import type { KnownBucket, KnownBuckets } from '#object/_known-buckets'
import { classProfile, type ObjectParts } from '#object/_parts'
import { withStoredBody } from '#object/_store-body'
import { checksumToJson, type ObjectChange } from '#object/changes'
import { assertWritable } from '#object/conditions'
import { protect } from '#object/encryption'
import { type EventName, eventOf } from '#object/events'
import { objectFault } from '#object/faults'
import {
  type BucketName,
  type EncryptionWish,
  type IncomingBody,
  type ObjectInfo,
  type ObjectKey,
  type ObjectMetadata,
  type Traits,
  type WriteCondition,
  wholeBytesMax,
} from '#object/model'
import type { Origin } from '#object/origin'
import { assertRoomFor, assertWithinQuota } from '#object/quota'
import {
  type FoundBucket,
  findBucketOfWrite,
  findIn,
  keyBytes,
  versioned,
  writtenVersionId,
} from '#object/rows'
import { traitsOfWrite } from '#object/traits'

export interface PutParts extends ObjectParts {
  readonly known: KnownBuckets
}

export interface PutOptions {
  readonly body: IncomingBody
  readonly metadata: ObjectMetadata
  readonly traits?: Traits
  readonly condition?: WriteCondition
  readonly origin?: Origin
  /** What whoever follows the bucket is told; what `origin` says when left out. */
  readonly event?: EventName
  readonly encryption?: EncryptionWish | undefined
  readonly signal: AbortSignal
}

/**
 * Data shards durable → one transaction checks the condition and flips the row → the change is in the change log → return.
 * A condition that already fails is refused before the body is read, and checked again inside the commit.
 */
export async function putObject(
  parts: PutParts,
  { bucket, key }: { readonly bucket: BucketName; readonly key: ObjectKey },
  { body, metadata, traits: asked, condition, encryption: wish, origin, event, signal }: PutOptions,
): Promise<ObjectInfo> {
  const { profile, id, outerKey, encryption } = await settledIfRefused(parts, async () => {
    const target = await findBefore(parts, { bucket, key }, condition)
    await assertRoomForPut(parts, { ...target, key }, body)
    const { id, profile } = target
    const { outerKey, encryption } = await protect(parts, parts.sql, wish)
    return { id, profile, outerKey, encryption }
  })
  return await withStoredBody(parts, body, {
    profile: classProfile(parts, { profile }, asked?.storageClass),
    outerKey,
    signal,
    commit: (stored, refuse) =>
      parts.changelog.commit(async (tx) => {
        const found = await findTarget(tx, { bucket, key, id }, condition).catch((error) => {
          parts.known.forget(bucket) // it may be another one by now
          return refuse(error)
        })
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
          ...(encryption === undefined ? {} : { encryption }),
          ...eventOf(event ?? nameOfWrite(origin), found, origin),
          chunks,
          extents,
        }
        const { sequence, at } = await tx.record(change)
        if (found.isLimited) await assertWithinQuota(tx, id).catch(refuse)
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
          ...(encryption === undefined ? {} : { encryption }),
        }
      }),
  })
}

/** A condition that fails already is told before the body is received. */
async function findBefore(
  { sql, known }: PutParts,
  { bucket, key }: { readonly bucket: BucketName; readonly key: ObjectKey },
  condition: WriteCondition | undefined,
): Promise<KnownBucket> {
  if (condition === undefined) return await known.find(bucket)
  const found = await findIn(sql, bucket, key)
  assertWritable(found.version, condition)
  return { id: found.bucket, profile: found.profile }
}

/** Likewise a quota; what is small is received anyway, and refused by its commit. */
async function assertRoomForPut(
  { sql }: ObjectParts,
  { id, key }: { readonly id: number; readonly key: ObjectKey },
  { bytes = 0 }: IncomingBody,
): Promise<void> {
  if (bytes <= wholeBytesMax) return
  const replaced = async (): Promise<number> => {
    const [row] = await sql.query<{ bytes: number }>`
      select version.bytes from version join bucket on bucket.id = version.bucket
      where version.bucket = ${id} and version.key = ${keyBytes(key)} and bucket.versioning is null`
    return row?.bytes ?? 0
  }
  await assertRoomFor(sql, id, { bytes, replaced })
}

function nameOfWrite(origin: Origin | undefined): EventName {
  return origin?.means === 'form' ? 'ObjectCreated:Post' : 'ObjectCreated:Put'
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
): Promise<FoundBucket> {
  if (condition === undefined) return requireSame(await findBucketOfWrite(tx, bucket))
  const found = requireSame(await findIn(tx, bucket, key))
  assertWritable(found.version, condition)
  return found

  function requireSame<Bucket extends FoundBucket>(found: Bucket): Bucket {
    if (found.bucket !== id) throw objectFault('object/no-such-bucket', { bucket })
    return found
  }
}
