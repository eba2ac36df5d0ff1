/** What lifecycle rules will do, told beforehand: in real days, whatever the engine takes for one. */
import type { BucketCall } from '#api/s3/call'
import { httpDate } from '#api/s3/response'
import { expiryOf, uploadEnd } from '#object/lifecycle-plan'
import type { ObjectInfo, UploadInfo } from '#object/model'

/** Of a current version. https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html */
export function expirationHeader(
  { facts }: Pick<BucketCall, 'facts'>,
  info: Pick<ObjectInfo, 'key' | 'modifiedAt' | 'bytes' | 'traits'>,
): Record<string, string> {
  const expiry = expiryOf(facts.config.lifecycle ?? [], info)
  if (expiry === undefined) return {}
  const { at, rule } = expiry
  return {
    'x-amz-expiration': `expiry-date="${httpDate(at)}", rule-id="${encodeURIComponent(rule)}"`,
  }
}

/** Of an upload that is open. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export function abortHeaders(
  { facts }: Pick<BucketCall, 'facts'>,
  upload: Pick<UploadInfo, 'key' | 'startedAt'>,
): Record<string, string> {
  const end = uploadEnd(facts.config.lifecycle ?? [], upload)
  if (end === undefined) return {}
  return {
    'x-amz-abort-date': httpDate(end.at),
    'x-amz-abort-rule-id': encodeURIComponent(end.rule),
  }
}
