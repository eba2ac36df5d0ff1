import type { ObjectCall } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import { parseHold, printHold } from '#api/s3/locks'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { versionHeaders, versionOf } from '#api/s3/versions'
import { readXmlBody } from '#api/s3/xml-body'
import { textOf } from '#api/s3/xml-reader'
import { leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import { objectFault } from '#object/faults'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html */
export async function getObjectLegalHold(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, facts } = call
  if (facts.config.lock === undefined) throw objectFault('object/not-lockable')
  const info = await door.objects.head(bucket, key, versionOf(call))
  const { legalHold } = info.traits
  if (legalHold === undefined) throw s3Fault('s3/no-such-object-lock')
  return xmlResponse('LegalHold', [leaf('Status', printHold(legalHold))], versionHeaders(info))
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html */
export async function putObjectLegalHold(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key } = call
  const document = await readXmlBody(call, 'LegalHold')
  const legalHold = parseHold(textOf(document, 'Status')?.trim())
  const set = await door.objects.setTraits({ bucket, key, version: versionOf(call) }, { legalHold })
  return emptyResponse(200, versionHeaders(set))
}
