import type { ObjectCall } from '#api/s3/call'
import { parseEtags } from '#api/s3/conditions'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { emptyResponse } from '#api/s3/response'
import { refuseOtherVersions } from '#api/s3/versions'
import { isFault } from '#fault/fault'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html: what is not there is deleted, whatever the condition. */
export async function deleteObject(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, query, headers } = call
  refuseUnkeptPromises(call)
  refuseOtherVersions(query.get('versionId'))
  const ifMatch = parseEtags(headers['if-match'])
  try {
    await door.objects.delete(bucket, key, ifMatch === undefined ? {} : { ifMatch })
  } catch (error) {
    if (!isFault(error, 'object/no-such-key')) throw error
  }
  return emptyResponse(204)
}
