import type { ObjectCall } from '#api/s3/call'
import { emptyResponse } from '#api/s3/response'
import { uploadOf } from '#api/s3/uploads'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export async function abortMultipartUpload(call: ObjectCall): Promise<HttpResponse> {
  await call.door.objects.abortUpload(uploadOf(call))
  return emptyResponse(204)
}
