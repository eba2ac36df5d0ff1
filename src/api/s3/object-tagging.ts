import type { ObjectCall } from '#api/s3/call'
import { originOf } from '#api/s3/origin'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { objectTagsMax, readTagging, tagSetElement } from '#api/s3/tags'
import { versionHeaders, versionOf } from '#api/s3/versions'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export async function getObjectTagging(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key } = call
  const info = await door.objects.head(bucket, key, versionOf(call))
  return xmlResponse('Tagging', [tagSetElement(info.traits.tags ?? [])], versionHeaders(info))
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export async function putObjectTagging(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key } = call
  const tags = await readTagging(call, objectTagsMax)
  const set = await door.objects.setTraits(
    { bucket, key, version: versionOf(call) },
    { tags },
    originOf(call),
  )
  return emptyResponse(200, versionHeaders(set))
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export async function deleteObjectTagging(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key } = call
  const set = await door.objects.setTraits(
    { bucket, key, version: versionOf(call) },
    { tags: [] },
    originOf(call),
  )
  return emptyResponse(204, versionHeaders(set))
}
