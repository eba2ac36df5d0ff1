import type { BucketCall } from '#api/s3/call'
import { homeRegion } from '#api/s3/door-options'
import { xmlResponse } from '#api/s3/response'
import { textNode } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html: us-east-1 is written as nothing. */
export async function getBucketLocation({ door, facts }: BucketCall): Promise<HttpResponse> {
  const { location: region = homeRegion(door) } = facts.config
  return xmlResponse('LocationConstraint', [textNode(region === 'us-east-1' ? '' : region)])
}
