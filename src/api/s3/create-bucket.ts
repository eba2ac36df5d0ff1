import type { NameCall } from '#api/s3/call'
import { homeRegion } from '#api/s3/door-options'
import { s3Fault } from '#api/s3/faults'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { emptyResponse } from '#api/s3/response'
import { readOptionalXmlBody } from '#api/s3/xml-body'
import { textOf } from '#api/s3/xml-reader'
import { isFault } from '#fault/fault'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html; `x-mycelium-profile: 10+4` chooses the coding. */
export async function createBucket(call: NameCall): Promise<HttpResponse> {
  const { door, bucket, headers, caller } = call
  refuseUnkeptPromises(call)
  refuseUnkeptSettings(headers)
  await checkLocation(call)
  const profile = headers['x-mycelium-profile']
  try {
    const isLockable = headers['x-amz-bucket-object-lock-enabled']?.toLowerCase() === 'true'
    const options = { owner: caller.id, isLockable, ...(profile === undefined ? {} : { profile }) }
    await door.objects.createBucket(bucket, options)
  } catch (error) {
    // One's own again is success, as in S3's first region.
    if (!isFault(error, 'object/bucket-exists') || !(await isOwn(call))) throw error
  }
  return emptyResponse(200, { location: `/${bucket}` })
}

function refuseUnkeptSettings(headers: NameCall['headers']): void {
  const ownership = headers['x-amz-object-ownership'] ?? 'BucketOwnerEnforced'
  if (ownership !== 'BucketOwnerEnforced') {
    throw s3Fault('s3/not-implemented', { header: 'x-amz-object-ownership' })
  }
}

async function checkLocation(call: NameCall): Promise<void> {
  const configuration = await readOptionalXmlBody(call, 'CreateBucketConfiguration')
  const location = configuration && textOf(configuration, 'LocationConstraint')?.trim()
  const { regions } = call.door
  if (location === undefined || location === '' || regions === 'any') return
  if (!regions.includes(location)) {
    throw s3Fault('s3/invalid-location', { region: homeRegion(call.door) })
  }
}

async function isOwn({ door, bucket, caller }: NameCall): Promise<boolean> {
  const { owner = door.root.id } = (await door.lookups.bucket(bucket)) ?? {}
  return owner === caller.id
}

/** For who need not make buckets before using them. Asked before the body is pulled, since a body can be sent only once. */
export async function makeBucket({ door, bucket, caller }: NameCall): Promise<void> {
  if ((await door.lookups.bucket(bucket)) !== undefined) return
  await door.objects.createBucket(bucket, { owner: caller.id }).catch((error: unknown) => {
    if (!isFault(error, 'object/bucket-exists')) throw error // somebody else was faster
  })
}
