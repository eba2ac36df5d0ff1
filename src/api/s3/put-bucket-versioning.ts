import type { BucketCall } from '#api/s3/call'
import { malformedXml, s3Fault } from '#api/s3/faults'
import { emptyResponse } from '#api/s3/response'
import { readXmlBody } from '#api/s3/xml-body'
import { textOf } from '#api/s3/xml-reader'
import type { HttpResponse } from '#http/message'
import type { Versioning } from '#object/model'

const states: ReadonlyMap<string | undefined, Versioning> = new Map([
  ['Enabled', 'enabled'],
  ['Suspended', 'suspended'],
])

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html */
export async function putBucketVersioning(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket } = call
  const configuration = await readXmlBody(call, 'VersioningConfiguration')
  const versioning = states.get(textOf(configuration, 'Status')?.trim())
  if (versioning === undefined) throw malformedXml('Status')
  if (textOf(configuration, 'MfaDelete')?.trim() === 'Enabled')
    throw s3Fault('s3/not-implemented', { header: 'MfaDelete' })
  await door.objects.setVersioning(bucket, versioning)
  return emptyResponse(200)
}
