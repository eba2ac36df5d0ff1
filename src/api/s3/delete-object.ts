import type { ObjectCall } from '#api/s3/call'
import { deleteCondition } from '#api/s3/conditions'
import { bypassesGovernance } from '#api/s3/locks'
import { originOf } from '#api/s3/origin'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { replicaMeans } from '#api/s3/replica'
import { emptyResponse } from '#api/s3/response'
import { versionHeaders, versionOf } from '#api/s3/versions'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html: what is not there is deleted, whatever the condition. */
export async function deleteObject(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, headers } = call
  refuseUnkeptPromises(call)
  const version = versionOf(call)
  const deletion = await door.objects.delete(bucket, key, {
    ...(version === undefined ? {} : { version }),
    bypassesGovernance: bypassesGovernance(call, key),
    ...originOf(call, replicaMeans(call)),
    ...deleteCondition({
      etag: headers['if-match'],
      size: headers['x-amz-if-match-size'],
      modified: headers['x-amz-if-match-last-modified-time'],
    }),
  })
  return emptyResponse(204, {
    ...versionHeaders(deletion),
    ...(deletion.isMarker ? { 'x-amz-delete-marker': 'true' } : {}),
  })
}
