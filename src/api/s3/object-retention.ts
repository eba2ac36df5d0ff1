import type { ObjectCall } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import { bypassesGovernance, parseMode, parseUntil } from '#api/s3/locks'
import { emptyResponse, isoDate, xmlResponse } from '#api/s3/response'
import { versionHeaders, versionOf } from '#api/s3/versions'
import { readXmlBody } from '#api/s3/xml-body'
import { textOf } from '#api/s3/xml-reader'
import { leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import { objectFault } from '#object/faults'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html */
export async function getObjectRetention(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, facts } = call
  if (facts.config.lock === undefined) throw objectFault('object/not-lockable')
  const info = await door.objects.head(bucket, key, versionOf(call))
  const { retention } = info.traits
  if (retention === undefined) throw s3Fault('s3/no-such-object-lock')
  const elements = [leaf('Mode', retention.mode), leaf('RetainUntilDate', isoDate(retention.until))]
  return xmlResponse('Retention', elements, versionHeaders(info))
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html; an empty document takes it away. */
export async function putObjectRetention(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key } = call
  const document = await readXmlBody(call, 'Retention')
  const retention =
    document.children.length === 0
      ? undefined
      : {
          mode: parseMode(textOf(document, 'Mode')?.trim()),
          until: parseUntil(textOf(document, 'RetainUntilDate')?.trim(), door.world.now()),
        }
  const set = await door.objects.setTraits(
    { bucket, key, version: versionOf(call) },
    { retention },
    { bypassesGovernance: bypassesGovernance(call, key) },
  )
  return emptyResponse(200, versionHeaders(set))
}
