/** Copies share chunks: a recipe is copied, not bytes. Only a change of profile or key moves data. */

import { toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { settled } from '#changelog/settled'
import { classProfile, type ObjectParts } from '#object/_parts'
import { checksumToJson, type ObjectChange } from '#object/changes'
import { assertCopyable, assertWritable } from '#object/conditions'
import { isSameOuterKey, outerKeyOf, protect } from '#object/encryption'
import { eventOf } from '#object/events'
import { fullObjectChecksum } from '#object/full-checksum'
import type {
  BucketName,
  ChecksumAlgorithm,
  CopiedObject,
  CopySource,
  EncryptionWish,
  ObjectInfo,
  ObjectKey,
  ObjectMetadata,
  Traits,
  WriteCondition,
} from '#object/model'
import { openObject, requireInfo } from '#object/open'
import type { Origin } from '#object/origin'
import { type PutParts, putObject } from '#object/put'
import { assertWithinQuota } from '#object/quota'
import {
  classOf,
  findBucketOfWrite,
  findIn,
  keyBytes,
  partToJson,
  requireBucket,
  versioned,
  writtenVersionId,
} from '#object/rows'
import { traitsOfWrite } from '#object/traits'
import type { Queryable } from '#sql/sql'
import { extentToJson } from '#store/chunk-record'
import { requireRoom } from '#store/room'
import { readExtents } from '#store/tables'

export interface CopyOptions {
  /** Undefined keeps the source's, but for its redirect. */
  readonly metadata?: ObjectMetadata
  readonly websiteRedirectLocation?: string
  readonly traits?: Traits
  readonly condition?: WriteCondition
  /** The copy shall have this checksum of the whole object. Costs reading it all, unless the source has it. */
  readonly checksumAlgorithm?: ChecksumAlgorithm
  readonly origin?: Origin
  readonly encryption?: EncryptionWish | undefined
  readonly signal: AbortSignal
}

export async function copyObject(
  parts: PutParts,
  source: CopySource,
  target: { readonly bucket: BucketName; readonly key: ObjectKey },
  options: CopyOptions,
): Promise<CopiedObject> {
  const to = await settled(parts, async () => {
    await requireBucket(parts.sql, source.bucket)
    return await requireBucket(parts.sql, target.bucket)
  })
  requireRoom(parts.store, classProfile(parts, to))
  const copied = await parts.changelog.commit((tx) =>
    copyRecipe(tx, parts, source, target, options),
  )
  return copied ?? (await recode(parts, source, target, options))
}

function hasChecksum({ checksum }: ObjectInfo, wanted: ChecksumAlgorithm | undefined): boolean {
  if (wanted === undefined) return true
  return checksum?.algorithm === wanted && checksum.type === 'FULL_OBJECT'
}

/** The source as it is, its conditions met. `object/no-such-key`, `object/no-such-version`, `object/delete-marker` */
export async function requireSource(tx: Queryable, source: CopySource): Promise<ObjectInfo> {
  const info = await requireInfo(tx, source)
  assertCopyable({ etag: info.etag, at: info.modifiedAt }, source)
  return info
}

/**
 * `undefined` when the bytes must be read: the copy shall rest in another class or profile than its source, or under another key (what one opens, the
 * other does not), or shall have a checksum that its source has not.
 */
async function copyRecipe(
  tx: CommitTransaction,
  parts: ObjectParts,
  source: CopySource,
  target: { readonly bucket: BucketName; readonly key: ObjectKey },
  { traits, condition, checksumAlgorithm, origin, encryption: wish, ...options }: CopyOptions,
): Promise<CopiedObject | undefined> {
  const {
    versionId: sourceVersionId,
    encryption: former,
    ...info
  } = await requireSource(tx, source)
  const from = await findBucketOfWrite(tx, source.bucket)
  const found = await findIn(tx, target.bucket, target.key)
  const isAlike = classOf(info.traits) === classOf(traits ?? {}) && from.profile === found.profile
  if (!isAlike || !hasChecksum(info, checksumAlgorithm)) return undefined
  const { customerKey } = source
  const outerKey = await outerKeyOf(parts, tx, { encryption: former, customerKey })
  const protection = await protect(parts, tx, wish)
  if (!isSameOuterKey(outerKey, protection.outerKey)) return undefined
  const encrypted = protection.encryption && { encryption: protection.encryption }
  const metadata = metadataOfCopy(info, options)
  assertWritable(found.version, condition)
  const extents = await readExtents(tx, info.sequence)
  const given = await traitsOfWrite(tx, found, traitsOfCopy(info, traits))
  const checksum = checksumToJson(info.checksum)
  const change: ObjectChange = {
    kind: 'object/put',
    bucket: found.bucket,
    key: toBase64url(keyBytes(target.key)),
    bytes: info.bytes,
    etag: info.etag,
    metadata,
    ...(checksum === undefined ? {} : { checksum }),
    ...(info.parts === undefined ? {} : { parts: info.parts.map(partToJson) }),
    ...versioned(found),
    ...given,
    ...encrypted,
    ...eventOf('ObjectCreated:Copy', found, origin),
    chunks: [],
    extents: extents.map(extentToJson),
  }
  const { sequence, at } = await tx.record(change)
  await assertWithinQuota(tx, found.bucket)
  return {
    ...info,
    ...target,
    sequence,
    modifiedAt: at,
    metadata,
    ...writtenVersionId(sequence, found),
    traits: given.traits ?? {},
    ...encrypted,
    ...(sourceVersionId === undefined ? {} : { sourceVersionId }),
  }
}

/** A redirect is the source's own (S3). */
function metadataOfCopy(
  { metadata: { websiteRedirectLocation: _, ...kept } }: ObjectInfo,
  { metadata, websiteRedirectLocation }: Pick<CopyOptions, 'metadata' | 'websiteRedirectLocation'>,
): ObjectMetadata {
  const redirect = websiteRedirectLocation === undefined ? {} : { websiteRedirectLocation }
  return metadata ?? { ...kept, ...redirect }
}

/** Tags come along unless others are given; a lock is the source's own. */
function traitsOfCopy({ traits: { tags } }: ObjectInfo, given: Traits = {}): Traits {
  return { ...(tags === undefined ? {} : { tags }), ...given }
}

/** Between profiles and keys, and for another checksum, the bytes are read and stored anew. */
async function recode(
  parts: PutParts,
  source: CopySource,
  target: { readonly bucket: BucketName; readonly key: ObjectKey },
  { traits, condition, checksumAlgorithm, encryption, origin, signal, ...options }: CopyOptions,
): Promise<CopiedObject> {
  const opened = await openObject(parts, source)
  try {
    const { info } = opened
    assertCopyable({ etag: info.etag, at: info.modifiedAt }, source)
    const { versionId: sourceVersionId } = info
    const copied = await putObject(parts, target, {
      body: {
        stream: opened.read(undefined, { signal }),
        bytes: info.bytes,
        digests: checksumAlgorithm === undefined ? [] : [checksumAlgorithm],
        verify: (digests) =>
          checksumAlgorithm === undefined
            ? info.checksum
            : fullObjectChecksum(checksumAlgorithm, digests),
      },
      metadata: metadataOfCopy(info, options),
      traits: traitsOfCopy(info, traits),
      encryption,
      ...(condition === undefined ? {} : { condition }),
      ...(origin === undefined ? {} : { origin }),
      event: 'ObjectCreated:Copy',
      signal,
    })
    return { ...copied, ...(sourceVersionId === undefined ? {} : { sourceVersionId }) }
  } finally {
    opened.release()
  }
}
