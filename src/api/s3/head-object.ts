import type { ObjectCall } from '#api/s3/call'
import { evaluateRead } from '#api/s3/conditions'
import { assertReadable } from '#api/s3/encryption'
import { identityHeaders, objectHeaders } from '#api/s3/object-headers'
import { emptyResponse } from '#api/s3/response'
import { selectRange } from '#api/s3/select-range'
import { versionOf } from '#api/s3/versions'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export async function headObject(call: ObjectCall): Promise<HttpResponse> {
  const info = await call.door.objects.head(call.bucket, call.key, versionOf(call))
  call.admission.admit(info)
  if (evaluateRead(call.headers, info, call.door.world) === 'not-modified') {
    return emptyResponse(304, identityHeaders(info))
  }
  const selection = selectRange(call, info)
  assertReadable(call, info)
  return emptyResponse(selection.status, objectHeaders(call, info, selection))
}
