/** Conditions on a write or a copy source (RFC 9110 section 13; S3's conditional requests). Pure. */
import { objectFault } from '#object/faults'
import type { CopySource, DeleteCondition, WriteCondition } from '#object/model'

type Tags = readonly string[] | '*'

/** Throws unless the object as it is (`undefined` for none) lets the write go on. */
export function assertWritable(
  current: { readonly etag: string } | undefined,
  condition: WriteCondition = {},
): void {
  const { ifMatch, ifNoneMatch } = condition
  if (ifMatch !== undefined) {
    if (current === undefined) throw objectFault('object/no-such-key')
    if (!matches(ifMatch, current.etag))
      throw objectFault('object/precondition-failed', { condition: 'If-Match' })
  }
  if (ifNoneMatch !== undefined && current !== undefined && matches(ifNoneMatch, current.etag)) {
    throw objectFault('object/precondition-failed', { condition: 'If-None-Match' })
  }
}

/** Throws unless the version, or marker, is the one that is meant. Times are compared in whole seconds. */
export function assertDeletable(
  found: { readonly etag: string; readonly at: number; readonly bytes: number },
  { ifMatch, bytes, modifiedAt }: DeleteCondition,
): void {
  if (ifMatch !== undefined) refuseIf(!matches(ifMatch, found.etag), 'If-Match')
  if (bytes !== undefined) refuseIf(bytes !== found.bytes, 'x-amz-if-match-size')
  if (modifiedAt !== undefined) {
    const isSame = Math.floor(modifiedAt / 1000) === Math.floor(found.at / 1000)
    refuseIf(!isSame, 'x-amz-if-match-last-modified-time')
  }
}

/** Throws unless the source may be copied. Times are compared in whole seconds, as HTTP dates are. */
export function assertCopyable(
  source: { readonly etag: string; readonly at: number },
  conditions: CopySource,
): void {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  const seconds = Math.floor(source.at / 1000)
  const isModifiedAfter = (time: number): boolean => seconds > Math.floor(time / 1000)
  // A matching If-Match outweighs If-Unmodified-Since, and likewise for their opposites (S3, CopyObject).
  if (ifMatch !== undefined) refuseIf(!matches(ifMatch, source.etag), 'If-Match')
  else if (ifUnmodifiedSince !== undefined)
    refuseIf(isModifiedAfter(ifUnmodifiedSince), 'If-Unmodified-Since')
  if (ifNoneMatch !== undefined) refuseIf(matches(ifNoneMatch, source.etag), 'If-None-Match')
  else if (ifModifiedSince !== undefined)
    refuseIf(!isModifiedAfter(ifModifiedSince), 'If-Modified-Since')
}

function refuseIf(isRefused: boolean, condition: string): void {
  if (isRefused) throw objectFault('object/precondition-failed', { condition })
}

function matches(tags: Tags, etag: string): boolean {
  return tags === '*' || tags.includes(etag)
}
