import { readGrantHeaders } from '#api/s3/acl'
import type { NameCall } from '#api/s3/call'
import { homeRegion } from '#api/s3/door-options'
import { requireRight } from '#api/s3/enter'
import { s3Fault } from '#api/s3/faults'
import { bucketsMax } from '#api/s3/limits'
import { parseOwnership } from '#api/s3/ownership-controls'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { emptyResponse } from '#api/s3/response'
import { bucketTagsMax, parseTags } from '#api/s3/tags'
import { assertOwnTenant } from '#api/s3/tenants'
import { readOptionalXmlBody } from '#api/s3/xml-body'
import { childOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { isFault } from '#fault/fault'
import type { HttpResponse } from '#http/message'
import { ownGrants } from '#identity/grants'
import type { BucketConfig, BucketFacts } from '#object/model'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html; `x-mycelium-profile: 10+4` chooses the coding. */
export async function createBucket(call: NameCall): Promise<HttpResponse> {
  const { door, bucket, headers, caller } = call
  if (caller === undefined) throw s3Fault('s3/access-denied')
  assertOwnTenant(call)
  requireRight(call, { action: 's3:CreateBucket', bucket })
  refuseUnkeptPromises(call)
  const config = await readConfig(call, caller.id)
  const asked = await readOptionalXmlBody(call, 'CreateBucketConfiguration')
  const location = readLocation(call, asked)
  const tagSet = asked && childOf(asked, 'Tags')
  const tags = tagSet && parseTags(tagSet, bucketTagsMax)
  if (tags !== undefined) requireRight(call, { action: 's3:PutBucketTagging', bucket })
  const profile = headers['x-mycelium-profile']
  const isLockable = headers['x-amz-bucket-object-lock-enabled']?.toLowerCase() === 'true'
  try {
    const options = {
      owner: caller.id,
      isLockable,
      ...(caller.isRoot ? {} : { ownedMax: bucketsMax }),
      config: {
        ...config,
        ...(location === undefined ? {} : { location }),
        ...(tags === undefined ? {} : { tags }),
      },
      ...(profile === undefined ? {} : { profile }),
    }
    await door.objects.createBucket(bucket, options)
  } catch (error) {
    if (!isFault(error, 'object/bucket-exists')) throw error
    const former = await formerAsAsked(call, config)
    if (former === undefined) throw error
    // One's own again is success, as in S3's first region; but what it asks for and does not have must not be taken for done.
    const isLocked = former.config.lock !== undefined
    const hasProfile = profile === undefined || profile === former.profile
    if (tags !== undefined || (isLockable && !isLocked) || !hasProfile)
      throw s3Fault('s3/bucket-owned', {}, error)
  }
  return emptyResponse(200, { location: `/${bucket}` })
}

/** What the headers say of who may do what. `s3/grants-in-the-way` when grants are given and turned off at once. */
async function readConfig(call: NameCall, owner: string): Promise<BucketConfig> {
  const stated = call.headers['x-amz-object-ownership']
  const ownership = stated === undefined ? undefined : parseOwnership(stated)
  const grants = await readGrantHeaders(call, { owner, bucketOwner: owner })
  if (ownership === 'BucketOwnerEnforced' && grants !== undefined && grants.length > 1)
    throw s3Fault('s3/grants-in-the-way')
  return {
    ...(ownership === undefined ? {} : { ownership }),
    ...(grants === undefined ? {} : { grants }),
  }
}

function readLocation(call: NameCall, asked: XmlElement | undefined): string | undefined {
  const location = asked && textOf(asked, 'LocationConstraint')?.trim()
  const { regions } = call.door
  if (location === undefined || location === '') return undefined
  const isKnown = regions === 'any' ? /^[\w-]{1,64}$/.test(location) : regions.includes(location)
  if (!isKnown) {
    throw s3Fault('s3/invalid-location', { region: homeRegion(call.door) })
  }
  return location
}

/** Whether it is the caller's already, with the grants that were asked for. */
async function formerAsAsked(
  { door, bucket, caller }: NameCall,
  { grants }: BucketConfig,
): Promise<BucketFacts | undefined> {
  const facts = await door.lookups.bucket(bucket)
  if (facts === undefined || (facts.owner ?? door.root.id) !== caller?.id) return undefined
  const own = ownGrants(caller.id)
  const former = facts.config.grants ?? own
  return JSON.stringify(grants ?? own) === JSON.stringify(former) ? facts : undefined
}

/** For who need not make buckets before using them. Asked before the body is pulled, since a body can be sent only once. */
export async function makeBucket(call: NameCall): Promise<void> {
  const { door, bucket, caller } = call
  if ((await door.lookups.bucket(bucket)) !== undefined) return
  if (caller === undefined) throw s3Fault('s3/access-denied')
  assertOwnTenant(call)
  requireRight(call, { action: 's3:CreateBucket', bucket })
  await door.objects.createBucket(bucket, { owner: caller.id }).catch((error: unknown) => {
    if (!isFault(error, 'object/bucket-exists')) throw error // somebody else was faster
  })
}
