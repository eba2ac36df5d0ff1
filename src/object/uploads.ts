/** Multipart uploads: begun, filled part by part, listed, given up. Completing stands in `complete.ts`. */
import { toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { settled, settledIfRefused } from '#changelog/settled'
import { classProfile, type ObjectParts } from '#object/_parts'
import { withStoredBody } from '#object/_store-body'
import { checksumToJson, type ObjectChange, type PartRow, type UploadRow } from '#object/changes'
import { outerKeyOf, protect } from '#object/encryption'
import { objectFault } from '#object/faults'
import {
  type BucketName,
  type ChecksumAlgorithm,
  type EncryptionWish,
  type IncomingBody,
  type ObjectKey,
  type ObjectMetadata,
  type PartInfo,
  type Traits,
  type UploadId,
  type UploadInfo,
  wholeBytesMax,
} from '#object/model'
import { assertRoomFor, assertWithinQuota } from '#object/quota'
import { encryptionOf, keyBytes, partInfo, requireBucket, traitsOf, uploadInfo } from '#object/rows'
import { requireLockable } from '#object/traits'
import type { Queryable } from '#sql/sql'
import { requireRoom } from '#store/room'

/** S3's limits. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const partNumberMax = 10_000
const uploadIdBytes = 24

export interface UploadAddress {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly uploadId: UploadId
}

export async function createUpload(
  parts: ObjectParts,
  { bucket, key }: { readonly bucket: BucketName; readonly key: ObjectKey },
  {
    encryption: wish,
    ...options
  }: {
    readonly metadata: ObjectMetadata
    readonly traits?: Traits
    readonly encryption?: EncryptionWish | undefined
    readonly checksumAlgorithm?: ChecksumAlgorithm
    readonly checksumType?: 'FULL_OBJECT' | 'COMPOSITE'
  },
): Promise<UploadInfo> {
  const uploadId = toBase64url(parts.world.randomBytes(uploadIdBytes)) as UploadId // made here
  return await parts.changelog.commit(async (tx) => {
    const { id, profile } = await requireBucket(tx, bucket)
    const { traits = {} } = options
    requireRoom(parts.store, classProfile(parts, { profile }, traits.storageClass)) // refuses what nothing could be put into
    const { encryption } = await protect(parts, tx, wish)
    const encrypted = encryption === undefined ? {} : { encryption }
    if (traits.retention !== undefined || traits.legalHold === true) await requireLockable(tx, id)
    const change: ObjectChange = {
      kind: 'object/upload-created',
      upload: uploadId,
      bucket: id,
      key: toBase64url(keyBytes(key)),
      ...options,
      ...encrypted,
    }
    const { at } = await tx.record(change)
    return { bucket, key, uploadId, startedAt: at, ...options, ...encrypted, traits }
  })
}

/** `object/no-such-upload` unless it is open, and of this bucket and key. */
export async function requireUpload(
  tx: Queryable,
  { bucket, key, uploadId }: UploadAddress,
): Promise<{ readonly row: UploadRow; readonly profile: string }> {
  const { id, profile } = await requireBucket(tx, bucket)
  const [row] = await tx.query<UploadRow>`
    select * from upload where id = ${uploadId} and bucket = ${id} and key = ${keyBytes(key)}`
  if (row === undefined) throw objectFault('object/no-such-upload', { upload: uploadId })
  return { row, profile }
}

export async function headUpload(parts: ObjectParts, address: UploadAddress): Promise<UploadInfo> {
  const { row } = await settled(parts, () => requireUpload(parts.sql, address))
  return uploadInfo(address.bucket, row)
}

/** A part sent again replaces the former one. */
export async function putPart(
  parts: ObjectParts,
  address: UploadAddress,
  {
    number,
    body,
    customerKey,
    signal,
  }: {
    readonly number: number
    readonly body: IncomingBody
    /** That the upload rests under. */
    readonly customerKey?: Uint8Array | undefined
    readonly signal: AbortSignal
  },
): Promise<PartInfo> {
  assertPartNumber(number)
  const { profile, storageClass, outerKey } = await settledIfRefused(parts, async () => {
    const { profile, row } = await requireUpload(parts.sql, address)
    await assertRoomForPart(parts, row, { number, body })
    const { encryption } = encryptionOf(row)
    const outerKey = await outerKeyOf(parts, parts.sql, { encryption, customerKey })
    return { profile, storageClass: traitsOf(row).storageClass, outerKey }
  })
  return await withStoredBody(parts, body, {
    profile: classProfile(parts, { profile }, storageClass),
    outerKey,
    signal,
    commit: ({ bytes, etag, checksum, chunks, extents }, refuse) =>
      parts.changelog.commit(async (tx) => {
        const { row } = await requireUpload(tx, address).catch(refuse)
        const json = checksumToJson(checksum)
        const part = await recordPart(tx, row, {
          number,
          bytes,
          etag,
          ...(json === undefined ? {} : { checksum: json }),
          chunks,
          extents,
        })
        await assertWithinQuota(tx, row.bucket).catch(refuse)
        return part
      }),
  })
}

/** Before the body is received; what is small is received anyway, and refused by its commit. */
async function assertRoomForPart(
  { sql }: ObjectParts,
  { id, bucket }: UploadRow,
  { number, body }: { readonly number: number; readonly body: IncomingBody },
): Promise<void> {
  const { bytes = 0 } = body
  if (bytes <= wholeBytesMax) return
  const replaced = async (): Promise<number> => {
    const [part] = await sql.query<{ bytes: number }>`
      select bytes from part where upload = ${id} and number = ${number}`
    return part?.bytes ?? 0
  }
  await assertRoomFor(sql, bucket, { bytes, replaced })
}

/** Parts in number order behind `after`. */
export async function listParts(
  parts: ObjectParts,
  address: UploadAddress,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<{
  readonly upload: UploadInfo
  readonly parts: readonly PartInfo[]
  readonly isTruncated: boolean
}> {
  return await settled(parts, async () => {
    const { row } = await requireUpload(parts.sql, address)
    const rows = await parts.sql.query<PartRow>`
      select * from part where upload = ${address.uploadId} and number > ${after} order by number limit ${limit + 1}`
    return {
      upload: uploadInfo(address.bucket, row),
      parts: rows.slice(0, limit).map(partInfo),
      isTruncated: limit > 0 && rows.length > limit,
    }
  })
}

export async function abortUpload(parts: ObjectParts, address: UploadAddress): Promise<void> {
  await parts.changelog.commit(async (tx) => {
    await requireUpload(tx, address)
    const change: ObjectChange = { kind: 'object/upload-aborted', upload: address.uploadId }
    await tx.record(change)
  })
}

export async function recordPart(
  tx: CommitTransaction,
  { id }: Pick<UploadRow, 'id'>,
  part: Omit<Extract<ObjectChange, { kind: 'object/part-put' }>, 'kind' | 'upload'>,
): Promise<PartInfo> {
  const { number, bytes, etag, checksum, chunks, extents } = part as Extract<
    ObjectChange,
    { kind: 'object/part-put' }
  > // `Omit` loses the union's member
  const change: ObjectChange = {
    kind: 'object/part-put',
    upload: id,
    number,
    bytes,
    etag,
    ...(checksum === undefined ? {} : { checksum }),
    chunks,
    extents,
  }
  const { sequence, at } = await tx.record(change)
  return partInfo({
    upload: id,
    number,
    sequence: Number(sequence),
    at,
    bytes,
    etag,
    checksum: checksum === undefined ? null : JSON.stringify(checksum),
  })
}

export function assertPartNumber(number: number): void {
  if (!Number.isInteger(number) || number < 1 || number > partNumberMax) {
    throw objectFault('object/part-number-invalid', { number, numberMax: partNumberMax })
  }
}
