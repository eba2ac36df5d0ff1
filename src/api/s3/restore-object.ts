import type { ObjectCall } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import { versionOf } from '#api/s3/versions'
import { readXmlBody } from '#api/s3/xml-body'
import type { HttpResponse } from '#http/message'

/**
 * No class of ours keeps objects out of reach, so there is never anything to restore: what S3 says of objects that are not archived.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
 */
export async function restoreObject(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key } = call
  await readXmlBody(call, 'RestoreRequest')
  await door.objects.head(bucket, key, versionOf(call))
  throw s3Fault('s3/not-archived', { key })
}
