import type { BucketCall } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { removalOf } from '#api/s3/setting-removal'
import { bucketTagsMax, readTagging, tagSetElement } from '#api/s3/tags'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html */
export async function getBucketTagging({ facts, bucket }: BucketCall): Promise<HttpResponse> {
  const { tags } = facts.config
  if (tags === undefined) throw s3Fault('s3/no-such-tag-set', { bucket })
  return xmlResponse('Tagging', [tagSetElement(tags)])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html; no tags are as good as none set. */
export async function putBucketTagging(call: BucketCall): Promise<HttpResponse> {
  const tags = await readTagging(call, bucketTagsMax)
  await call.door.objects.configure(call.bucket, 'tags', tags.length === 0 ? undefined : tags)
  return emptyResponse(204)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html */
export const deleteBucketTagging = removalOf('tags')
