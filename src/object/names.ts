import { objectFault } from '#object/faults'
import type { BucketName, ObjectKey } from '#object/model'

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
