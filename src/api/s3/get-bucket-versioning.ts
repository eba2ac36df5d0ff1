import type { BucketCall } from '#api/s3/call'
import { xmlResponse } from '#api/s3/response'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html: never versioned, so no status. */
export async function getBucketVersioning({ door, bucket }: BucketCall): Promise<HttpResponse> {
  await door.objects.headBucket(bucket)
  return xmlResponse('VersioningConfiguration', [])
}
