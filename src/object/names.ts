import { objectFault } from '#object/faults'
import type { BucketName, ObjectKey, VersionId, Versioning } from '#object/model'

/** Longest key, in bytes of UTF-8 (S3's limit). */
export const keyBytesMax = 1024

/**
 * S3's naming rules: 3 to 63 of `a-z 0-9 . -`, starting and ending with a letter or digit, no `..`, `.-` or `-.`, no address-like name.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function parseBucketName(text: string): BucketName {
  const isName =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text) &&
    !/\.\.|\.-|-\./.test(text) &&
    !/^\d{1,3}(\.\d{1,3}){3}$/.test(text)
  if (!isName) throw objectFault('object/invalid-bucket-name', { name: text.slice(0, 80) })
  return text as BucketName
}

/** Any well-formed text of 1 to 1,024 bytes, `a..b` and `/x` included; NUL is refused because no client can want it. */
export function parseObjectKey(text: string): ObjectKey {
  if (text.length === 0 || text.includes('\0') || !text.isWellFormed()) {
    throw objectFault('object/invalid-key', { key: text.slice(0, 80) })
  }
  const bytes = Buffer.byteLength(text)
  if (bytes > keyBytesMax)
    throw objectFault('object/key-too-long', { bytes, bytesMax: keyBytesMax })
  return text as ObjectKey
}

/** What was written while its bucket kept no versions. There is at most one of a key. */
export const nullVersion = 'null' as VersionId

const idDigits = 16

/** The place of the write in the store's one order, so a rebuilt database gives the same. */
export function versionIdOf({
  sequence,
  is_null,
}: {
  readonly sequence: number | bigint
  readonly is_null: number
}): VersionId {
  if (is_null === 1) return nullVersion
  return sequence.toString(16).padStart(idDigits, '0') as VersionId
}

/** Told only of buckets that keep versions, or once did. */
export function toldVersionId(
  row: { readonly sequence: number | bigint; readonly is_null: number },
  versioning: Versioning | undefined,
): { readonly versionId?: VersionId } {
  return versioning === undefined ? {} : { versionId: versionIdOf(row) }
}

/** `object/invalid-version-id` for a text that can name none. */
export function parseVersionId(text: string): VersionId {
  if (text === nullVersion || /^0[0-9a-f]{15}$/.test(text)) return text as VersionId
  throw objectFault('object/invalid-version-id', { version: text.slice(0, 80) })
}
