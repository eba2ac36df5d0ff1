import type { BucketCall } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import { readLifecycle, ruleElement } from '#api/s3/lifecycle-document'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { removalOf } from '#api/s3/setting-removal'
import { readXmlBody } from '#api/s3/xml-body'
import { branches } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html */
export async function getBucketLifecycle({ facts, bucket }: BucketCall): Promise<HttpResponse> {
  const { lifecycle } = facts.config
  if (lifecycle === undefined) throw s3Fault('s3/no-such-lifecycle', { bucket })
  return xmlResponse('LifecycleConfiguration', [branches(lifecycle, ruleElement)])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html */
export async function putBucketLifecycle(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket } = call
  const document = await readXmlBody(call, 'LifecycleConfiguration')
  await door.objects.configure(bucket, 'lifecycle', readLifecycle(document, door.world))
  return emptyResponse(200)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html */
export const deleteBucketLifecycle = removalOf('lifecycle')
