/** A part that is copied from an object shares its chunks where both rest alike; only a checksum that the upload asks for costs reading them. */
import { toHex } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { blake3 } from '#crypto/blake3'
import { openDigest } from '#crypto/digest'
import { parseProfile } from '#erasure/profile'
import type { ObjectParts } from '#object/_parts'
import { checksumToJson } from '#object/changes'
import { assertCopyable } from '#object/conditions'
import { requireSource } from '#object/copy'
import { isSameOuterKey, outerKeyOf } from '#object/encryption'
import { objectFault } from '#object/faults'
import { fullObjectChecksum } from '#object/full-checksum'
import type {
  Checksum,
  ChecksumAlgorithm,
  CopySource,
  Digests,
  OpenedObject,
  PartInfo,
} from '#object/model'
import { openObject } from '#object/open'
import { assertWithinQuota } from '#object/quota'
import { classOf, encryptionOf, requireBucket, traitsOf } from '#object/rows'
import {
  assertPartNumber,
  headUpload,
  putPart,
  recordPart,
  requireUpload,
  type UploadAddress,
} from '#object/uploads'
import { extentToJson, recipeOf, sliceExtents } from '#store/chunk-record'
import { requireRoom } from '#store/room'
import { readExtents } from '#store/tables'

export interface CopyPartOptions {
  readonly number: number
  readonly source: CopySource
  /** That the upload rests under. */
  readonly customerKey?: Uint8Array | undefined
  readonly signal: AbortSignal
}

/** What was read of the source, and which version of it that was. */
interface Summed {
  readonly sequence: bigint
  readonly checksum: Checksum | undefined
}

export async function copyPart(
  parts: ObjectParts,
  address: UploadAddress,
  options: CopyPartOptions,
): Promise<PartInfo> {
  assertPartNumber(options.number)
  for (;;) {
    const summed = await sumSource(parts, address, options)
    const part = await parts.changelog.commit((tx) =>
      copyRange(tx, parts, address, { ...options, summed }),
    )
    if (part === 'cannot be shared') return await storeAnew(parts, address, options)
    if (part !== undefined) return part // else the source was overwritten while it was read
  }
}

/** `undefined` when the upload asks for no checksum. */
async function sumSource(
  parts: ObjectParts,
  address: UploadAddress,
  { source, signal }: CopyPartOptions,
): Promise<Summed | undefined> {
  const { checksumAlgorithm } = await headUpload(parts, address)
  if (checksumAlgorithm === undefined) return undefined
  const opened = await openObject(parts, source)
  try {
    const checksum = await sum(opened, {
      algorithm: checksumAlgorithm,
      range: source.range,
      signal,
    })
    return { sequence: opened.info.sequence, checksum }
  } finally {
    opened.release()
  }
}

async function sum(
  { info, read }: OpenedObject,
  {
    algorithm,
    range,
    signal,
  }: {
    readonly algorithm: ChecksumAlgorithm
    readonly range: CopySource['range']
    readonly signal: AbortSignal
  },
): Promise<Checksum | undefined> {
  const { checksum, bytes } = info
  if (range !== undefined && range.last >= bytes) return undefined // refused in the commit
  const isWhole = range === undefined || (range.first === 0 && range.last === bytes - 1)
  if (isWhole && checksum?.algorithm === algorithm && checksum.type === 'FULL_OBJECT') {
    return checksum
  }
  const digest = openDigest(algorithm)
  for await (const piece of read(range, { signal })) digest.update(piece)
  return { algorithm, type: 'FULL_OBJECT', value: digest.digest() }
}

/**
 * The ETag is the source's when all of it is copied, otherwise 128 bits of BLAKE3 over the recipe: the bytes need not be read for it,
 * and ETags of parts are opaque to clients. `undefined` when the source is no longer the one that was summed.
 */
async function copyRange(
  tx: CommitTransaction,
  parts: ObjectParts,
  address: UploadAddress,
  {
    number,
    source,
    customerKey,
    summed,
  }: CopyPartOptions & { readonly summed: Summed | undefined },
): Promise<PartInfo | 'cannot be shared' | undefined> {
  const { row: upload, profile } = await requireUpload(tx, address)
  const outerKey = await outerKeyOf(parts, tx, {
    encryption: encryptionOf(upload).encryption,
    customerKey,
  })
  const row = await requireSource(tx, source)
  if (summed !== undefined && row.sequence !== summed.sequence) return undefined
  const first = source.range?.first ?? 0
  const end = source.range === undefined ? row.bytes : source.range.last + 1
  if (end > row.bytes || first > end) {
    throw objectFault('object/range-unsatisfiable', { first, last: end - 1, bytes: row.bytes })
  }
  const sourceKey = await outerKeyOf(parts, tx, {
    encryption: row.encryption,
    customerKey: source.customerKey,
  })
  const from = await requireBucket(tx, source.bucket)
  const isAlike = from.profile === profile && classOf(row.traits) === classOf(traitsOf(upload))
  if (!isAlike || !isSameOuterKey(outerKey, sourceKey)) return 'cannot be shared'
  requireRoom(parts.store, parseProfile(profile))
  const slices = sliceExtents(await readExtents(tx, row.sequence), { first, end })
  const extents = recipeOf(slices)?.map(extentToJson)
  if (extents === undefined) return 'cannot be shared' // it would cut an object in a pack
  const isWhole = first === 0 && end === row.bytes && row.parts === undefined
  const etag = isWhole
    ? row.etag
    : toHex(blake3(Buffer.from(JSON.stringify(extents))).subarray(0, 16))
  const checksum = checksumToJson(summed?.checksum)
  const part = await recordPart(tx, upload, {
    number,
    bytes: end - first,
    etag,
    ...(checksum === undefined ? {} : { checksum }),
    chunks: [],
    extents,
  })
  await assertWithinQuota(tx, upload.bucket)
  return part
}

/** Small objects are sealed whole, and others perhaps under another key or in another profile: what is cut out of one is read, and stored as the upload's own. */
async function storeAnew(
  parts: ObjectParts,
  address: UploadAddress,
  { number, source, customerKey, signal }: CopyPartOptions,
): Promise<PartInfo> {
  const { checksumAlgorithm } = await headUpload(parts, address)
  const opened = await openObject(parts, source)
  try {
    const { info, read } = opened
    assertCopyable({ etag: info.etag, at: info.modifiedAt }, source)
    const { first, last } = source.range ?? { first: 0, last: info.bytes - 1 }
    if (last >= info.bytes)
      throw objectFault('object/range-unsatisfiable', { first, last, bytes: info.bytes })
    const body = {
      stream: read({ first, last }, { signal }),
      bytes: last - first + 1,
      digests: checksumAlgorithm === undefined ? [] : [checksumAlgorithm],
      verify: (digests: Digests) =>
        checksumAlgorithm && fullObjectChecksum(checksumAlgorithm, digests),
    }
    return await putPart(parts, address, { number, body, customerKey, signal })
  } finally {
    opened.release()
  }
}
