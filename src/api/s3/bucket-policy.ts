import type { BucketCall } from '#api/s3/call'
import { accessOf } from '#api/s3/enter'
import { s3Fault } from '#api/s3/faults'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { removalOf } from '#api/s3/setting-removal'
import { readSmallBody } from '#api/s3/xml-body'
import { leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import { isPublicGrant } from '#identity/grants'
import { isPublic, parseNewPolicy } from '#identity/policy'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html: as it was given. */
export async function getBucketPolicy({ facts, bucket }: BucketCall): Promise<HttpResponse> {
  const { policy } = facts.config
  if (policy === undefined) throw s3Fault('s3/no-such-policy', { bucket })
  return { status: 200, headers: { 'content-type': 'application/json' }, body: policy }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
export async function putBucketPolicy(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket, facts } = call
  const text = Buffer.from(await readSmallBody(call)).toString()
  const policy = parseNewPolicy(text)
  const { publicAccess } = accessOf(facts, door.root.id)
  if (publicAccess?.blocksPolicy === true && isPublic(policy)) throw s3Fault('s3/access-denied')
  await door.objects.configure(bucket, 'policy', text)
  return emptyResponse(204)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html */
export const deleteBucketPolicy = removalOf('policy')

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html; grants to everybody count as well. */
export async function getBucketPolicyStatus({ facts, door }: BucketCall): Promise<HttpResponse> {
  const { policy, grants = [] } = accessOf(facts, door.root.id)
  const isOpen = (policy !== undefined && isPublic(policy)) || grants.some(isPublicGrant)
  return xmlResponse('PolicyStatus', [leaf('IsPublic', isOpen)])
}
