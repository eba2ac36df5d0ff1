import { aclResponse, checkGrants, readAcl } from '#api/s3/acl'
import type { BucketCall } from '#api/s3/call'
import { accessOf } from '#api/s3/enter'
import { emptyResponse } from '#api/s3/response'
import type { HttpResponse } from '#http/message'
import { ownGrants } from '#identity/grants'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html */
export async function getBucketAcl(call: BucketCall): Promise<HttpResponse> {
  const { owner, facts, door } = call
  const { grants = ownGrants(owner.id) } = accessOf(facts, door.root.id)
  return await aclResponse(call, { owner, grants, headers: {} })
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html */
export async function putBucketAcl(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket, owner } = call
  const grants = await readAcl(call, { owner: owner.id, bucketOwner: owner.id })
  checkGrants(call, grants)
  await door.objects.configure(bucket, 'grants', grants)
  return emptyResponse(200)
}
