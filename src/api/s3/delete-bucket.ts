import type { BucketCall } from '#api/s3/call'
import { emptyResponse } from '#api/s3/response'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html */
export async function deleteBucket({ door, bucket }: BucketCall): Promise<HttpResponse> {
  await door.objects.deleteBucket(bucket)
  return emptyResponse(204)
}
