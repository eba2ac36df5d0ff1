/** Completing an upload concatenates the recipes of its parts: one change, no bytes moved. */
import { fromHex, toBase64url, toHex } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { combineCrc, isCrc, openDigest } from '#crypto/digest'
import type { ObjectParts } from '#object/_parts'
import { checksumToJson, type ObjectChange, type PartRow } from '#object/changes'
import { assertWritable } from '#object/conditions'
import { assertCustomerKey } from '#object/encryption'
import { eventOf } from '#object/events'
import { objectFault } from '#object/faults'
import type {
  Checksum,
  CompletedPart,
  CompleteOptions,
  ObjectInfo,
  ObjectPart,
  PartInfo,
  UploadInfo,
} from '#object/model'
import { assertWithinQuota } from '#object/quota'
import {
  encryptionOf,
  findIn,
  keyBytes,
  objectInfo,
  partInfo,
  partToJson,
  uploadInfo,
  versioned,
  writtenVersionId,
} from '#object/rows'
import { traitsOfWrite } from '#object/traits'
import { requireUpload, type UploadAddress } from '#object/uploads'

/** Every part but the last (S3's limit). */
export const partBytesMinDefault = 5 * 1024 * 1024

export async function completeUpload(
  { changelog, partBytesMin = partBytesMinDefault }: ObjectParts,
  address: UploadAddress,
  {
    completed,
    condition,
    customerKey,
    origin,
    ...stated
  }: CompleteOptions & { readonly completed: readonly CompletedPart[] },
): Promise<ObjectInfo> {
  return await changelog.commit(async (tx) => {
    const again = await alreadyCompleted(tx, address, completed)
    if (again !== undefined) return again
    const { row } = await requireUpload(tx, address)
    const found = await findIn(tx, address.bucket, address.key)
    assertWritable(found.version, condition)
    const chosen = await chooseParts(tx, address, { completed, partBytesMin })
    const upload = uploadInfo(address.bucket, row)
    assertKeyShown(upload, customerKey, chosen)
    const whole = wholeChecksum(checksumPlan(upload, stated), chosen)
    assertChecksum(whole, stated.checksum)
    const bytes = chosen.reduce((sum, part) => sum + part.bytes, 0)
    if (stated.bytes !== undefined && stated.bytes !== bytes) {
      throw objectFault('object/size-mismatch', { stated: stated.bytes, bytes })
    }
    const json = checksumToJson(whole)
    const parts = chosen.map((part) => objectPart(part, whole))
    const given = await traitsOfWrite(tx, found, upload.traits)
    const change: ObjectChange = {
      kind: 'object/upload-completed',
      upload: address.uploadId,
      bucket: row.bucket,
      key: toBase64url(keyBytes(address.key)),
      bytes,
      etag: wholeEtag(chosen),
      metadata: upload.metadata,
      ...(json === undefined ? {} : { checksum: json }),
      ...versioned(found),
      ...given,
      ...eventOf('ObjectCreated:CompleteMultipartUpload', found, origin),
      ...encryptionOf(row),
      parts: parts.map(partToJson),
    }
    const { sequence, at } = await tx.record(change)
    await assertWithinQuota(tx, row.bucket)
    return {
      bucket: address.bucket,
      key: address.key,
      sequence,
      bytes,
      etag: change.etag,
      modifiedAt: at,
      metadata: upload.metadata,
      ...(whole === undefined ? {} : { checksum: whole }),
      parts,
      ...writtenVersionId(sequence, found),
      traits: given.traits ?? {},
      ...encryptionOf(row),
    }
  })
}

/** The answer to a repeated completion: the object this upload became, while it is still that one. */
async function alreadyCompleted(
  tx: CommitTransaction,
  { bucket, key, uploadId }: UploadAddress,
  completed: readonly CompletedPart[],
): Promise<ObjectInfo | undefined> {
  const { version: row, versioning } = await findIn(tx, bucket, key)
  if (row === undefined || row.upload !== uploadId) return undefined
  const info = objectInfo({ bucket, key, versioning }, row)
  const isSame = etagOf(completed.map(({ etag }) => etag)) === info.etag
  return isSame ? info : undefined
}

/** The parts named, in order, each as it was sent last. */
async function chooseParts(
  tx: CommitTransaction,
  { uploadId }: UploadAddress,
  {
    completed,
    partBytesMin,
  }: { readonly completed: readonly CompletedPart[]; readonly partBytesMin: number },
): Promise<readonly PartInfo[]> {
  const rows = await tx.query<PartRow>`select * from part where upload = ${uploadId}`
  const sent = new Map(rows.map((row) => [row.number, partInfo(row)]))
  const chosen: PartInfo[] = []
  for (const { number, etag, checksum } of completed) {
    const part = sent.get(number)
    if (chosen.length > 0 && number <= (chosen.at(-1)?.number ?? 0))
      throw objectFault('object/part-order', { number })
    if (part === undefined || part.etag !== etag || !agrees(part, checksum)) {
      throw objectFault('object/part-missing', { number })
    }
    chosen.push(part)
  }
  if (chosen.length === 0) throw objectFault('object/part-missing', {})
  for (const { number, bytes } of chosen.slice(0, -1)) {
    if (bytes < partBytesMin)
      throw objectFault('object/part-too-small', { number, bytes, bytesMin: partBytesMin })
  }
  return chosen
}

function agrees(part: PartInfo, repeated: CompletedPart['checksum']): boolean {
  if (repeated === undefined || part.checksum === undefined) return repeated === undefined
  const isSame = Buffer.compare(part.checksum.value, repeated.value) === 0
  return part.checksum.algorithm === repeated.algorithm && isSame
}

/** Whoever tells checksums of what is locked shows that he may know them (S3); without checksums a key need not be shown, but be right. */
function assertKeyShown(
  { encryption }: UploadInfo,
  customerKey: Uint8Array | undefined,
  chosen: readonly PartInfo[],
): void {
  const isNeeded = chosen.some(({ checksum }) => checksum !== undefined)
  if (isNeeded || customerKey !== undefined) assertCustomerKey({ encryption, customerKey })
}

/** Its checksum stays when the whole has one of the same algorithm. */
function objectPart(
  { number, bytes, checksum }: PartInfo,
  whole: Checksum | undefined,
): ObjectPart {
  const isKept = whole !== undefined && checksum?.algorithm === whole.algorithm
  return { number, bytes, ...(isKept ? { checksum: checksum.value } : {}) }
}

function wholeEtag(parts: readonly PartInfo[]): string {
  return etagOf(parts.map(({ etag }) => etag))
}

/** MD5 over the parts' MD5s, and their number: what every S3 client expects. */
function etagOf(etags: readonly string[]): string {
  const digest = openDigest('md5')
  for (const etag of etags) digest.update(fromHex(etag))
  return `${toHex(digest.digest())}-${etags.length}`
}

type ChecksumPlan = Pick<UploadInfo, 'checksumAlgorithm' | 'checksumType'>

/** An upload created for no checksum gets the one its completion states: its parts may carry it all the same. */
function checksumPlan(
  upload: UploadInfo,
  { checksum, checksumType }: Pick<CompleteOptions, 'checksum' | 'checksumType'>,
): ChecksumPlan {
  if (upload.checksumAlgorithm === undefined) {
    return checksum === undefined
      ? {}
      : { checksumAlgorithm: checksum.algorithm, checksumType: checksum.type }
  }
  if (checksumType !== undefined && checksumType !== (upload.checksumType ?? checksumType)) {
    throw objectFault('object/checksum-of-another-kind', { type: checksumType })
  }
  return upload
}

/** The object's checksum from its parts', when all of them carry one of the planned algorithm. */
function wholeChecksum(
  { checksumAlgorithm, checksumType }: ChecksumPlan,
  parts: readonly PartInfo[],
): Checksum | undefined {
  if (checksumAlgorithm === undefined) return undefined
  const values = parts.flatMap(({ checksum, bytes }) =>
    checksum?.algorithm === checksumAlgorithm ? [{ value: checksum.value, bytes }] : [],
  )
  if (values.length !== parts.length) return undefined
  const type = checksumType ?? (isCrc(checksumAlgorithm) ? 'FULL_OBJECT' : 'COMPOSITE')
  if (type === 'FULL_OBJECT' && isCrc(checksumAlgorithm)) {
    const whole = values.reduce((a, b) => ({
      value: combineCrc(checksumAlgorithm, a.value, b.value, b.bytes),
      bytes: a.bytes + b.bytes,
    }))
    return { algorithm: checksumAlgorithm, type, value: whole.value }
  }
  const digest = openDigest(checksumAlgorithm)
  for (const { value } of values) digest.update(value)
  return {
    algorithm: checksumAlgorithm,
    type: 'COMPOSITE',
    value: digest.digest(),
    parts: parts.length,
  }
}

function assertChecksum(whole: Checksum | undefined, stated: Checksum | undefined): void {
  if (stated === undefined) return
  if (stated.algorithm !== whole?.algorithm) {
    throw objectFault('object/checksum-of-another-kind', { algorithm: stated.algorithm })
  }
  const isSameNumber = stated.parts === undefined || stated.parts === whole.parts
  if (!isSameNumber || Buffer.compare(stated.value, whole.value) !== 0) {
    throw objectFault('object/checksum-mismatch', { algorithm: stated.algorithm })
  }
}
