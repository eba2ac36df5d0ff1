import type { BucketCall } from '#api/s3/call'
import { homeRegion } from '#api/s3/door-options'
import { emptyResponse } from '#api/s3/response'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html */
export async function headBucket({ door, facts }: BucketCall): Promise<HttpResponse> {
  return emptyResponse(200, {
    'x-amz-bucket-region': homeRegion(door),
    'x-mycelium-profile': facts.profile,
  })
}
