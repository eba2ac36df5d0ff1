import type { BucketCall } from '#api/s3/call'
import { malformedXml } from '#api/s3/faults'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { readXmlBody } from '#api/s3/xml-body'
import { textOf } from '#api/s3/xml-reader'
import { leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html */
export async function getBucketRequestPayment({ facts }: BucketCall): Promise<HttpResponse> {
  const { payer = 'BucketOwner' } = facts.config
  return xmlResponse('RequestPaymentConfiguration', [leaf('Payer', payer)])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html */
export async function putBucketRequestPayment(call: BucketCall): Promise<HttpResponse> {
  const configuration = await readXmlBody(call, 'RequestPaymentConfiguration')
  const payer = textOf(configuration, 'Payer')?.trim()
  if (payer !== 'BucketOwner' && payer !== 'Requester') throw malformedXml('Payer')
  await call.door.objects.configure(call.bucket, 'payer', payer === 'Requester' ? payer : undefined)
  return emptyResponse(200)
}
