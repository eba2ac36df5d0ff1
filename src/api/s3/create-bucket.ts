import type { BucketCall } from '#api/s3/call'
import { homeRegion } from '#api/s3/door-options'
import { s3Fault } from '#api/s3/faults'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { emptyResponse } from '#api/s3/response'
import { readOptionalXmlBody } from '#api/s3/xml-body'
import { textOf } from '#api/s3/xml-reader'
import { isFault } from '#fault/fault'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html; `x-mycelium-profile: 10+4` chooses the coding. */
export async function createBucket(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket, headers } = call
  refuseUnkeptPromises(call)
  refuseUnkeptSettings(headers)
  await checkLocation(call)
  const profile = headers['x-mycelium-profile']
  try {
    await door.objects.createBucket(bucket, profile === undefined ? {} : { profile })
  } catch (error) {
    // There is one owner: whoever may create it owns it already, and S3 calls that success.
    if (!isFault(error, 'object/bucket-exists')) throw error
  }
  return emptyResponse(200, { location: `/${bucket}` })
}

function refuseUnkeptSettings(headers: BucketCall['headers']): void {
  if (headers['x-amz-bucket-object-lock-enabled']?.toLowerCase() === 'true') {
    throw s3Fault('s3/not-implemented', { header: 'x-amz-bucket-object-lock-enabled' })
  }
  const ownership = headers['x-amz-object-ownership'] ?? 'BucketOwnerEnforced'
  if (ownership !== 'BucketOwnerEnforced') {
    throw s3Fault('s3/not-implemented', { header: 'x-amz-object-ownership' })
  }
}

async function checkLocation(call: BucketCall): Promise<void> {
  const configuration = await readOptionalXmlBody(call, 'CreateBucketConfiguration')
  const location = configuration && textOf(configuration, 'LocationConstraint')?.trim()
  const { regions } = call.door
  if (location === undefined || location === '' || regions === 'any') return
  if (!regions.includes(location)) {
    throw s3Fault('s3/invalid-location', { region: homeRegion(call.door) })
  }
}
