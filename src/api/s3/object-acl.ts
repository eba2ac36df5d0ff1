import { aclResponse, checkGrants, readAcl } from '#api/s3/acl'
import type { ObjectCall } from '#api/s3/call'
import { ownerOf } from '#api/s3/enter'
import { originOf } from '#api/s3/origin'
import { emptyResponse } from '#api/s3/response'
import { versionHeaders, versionOf } from '#api/s3/versions'
import type { HttpResponse } from '#http/message'
import { type Grants, ownGrants } from '#identity/grants'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html */
export async function getObjectAcl(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, facts, admission } = call
  const info = await door.objects.head(bucket, key, versionOf(call))
  admission.admit(info)
  const owner = await ownerOf(call, info.traits.owner ?? facts.owner)
  const grants = (info.traits.grants as Grants | undefined) ?? ownGrants(owner.id) // the doors put them there
  return await aclResponse(call, { owner, grants, headers: versionHeaders(info) })
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html */
export async function putObjectAcl(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, facts, admission } = call
  const version = versionOf(call)
  const info = await door.objects.head(bucket, key, version)
  admission.admit(info)
  const bucketOwner = facts.owner ?? door.root.id
  const grants = await readAcl(call, { owner: info.traits.owner ?? bucketOwner, bucketOwner })
  checkGrants(call, grants)
  const set = await door.objects.setTraits({ bucket, key, version }, { grants }, originOf(call))
  return emptyResponse(200, versionHeaders(set))
}
