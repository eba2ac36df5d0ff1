import type { BucketCall } from '#api/s3/call'
import { homeRegion } from '#api/s3/door-options'
import { emptyResponse } from '#api/s3/response'
import { usageHeaders } from '#api/s3/usage'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html */
export async function headBucket(call: BucketCall): Promise<HttpResponse> {
  const { door, facts } = call
  return emptyResponse(200, {
    'x-amz-bucket-region': homeRegion(door),
    'x-mycelium-profile': facts.profile,
    ...(await usageHeaders(call)),
  })
}
