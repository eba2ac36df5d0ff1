import type { BucketCall } from '#api/s3/call'
import { accessOf } from '#api/s3/enter'
import { s3Fault } from '#api/s3/faults'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { removalOf } from '#api/s3/setting-removal'
import { readXmlBody } from '#api/s3/xml-body'
import { textOf } from '#api/s3/xml-reader'
import { leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { PublicAccess } from '#identity/access'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html */
export async function getPublicAccessBlock(call: BucketCall): Promise<HttpResponse> {
  const { publicAccess } = accessOf(call.facts, call.door.root.id)
  if (publicAccess === undefined) throw s3Fault('s3/no-such-public-access-block')
  return xmlResponse('PublicAccessBlockConfiguration', [
    leaf('BlockPublicAcls', publicAccess.blocksGrants),
    leaf('IgnorePublicAcls', publicAccess.ignoresGrants),
    leaf('BlockPublicPolicy', publicAccess.blocksPolicy),
    leaf('RestrictPublicBuckets', publicAccess.restrictsPolicy),
  ])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html */
export async function putPublicAccessBlock(call: BucketCall): Promise<HttpResponse> {
  const document = await readXmlBody(call, 'PublicAccessBlockConfiguration')
  const isSet = (name: string): boolean => textOf(document, name)?.trim().toLowerCase() === 'true'
  const publicAccess: PublicAccess = {
    blocksGrants: isSet('BlockPublicAcls'),
    ignoresGrants: isSet('IgnorePublicAcls'),
    blocksPolicy: isSet('BlockPublicPolicy'),
    restrictsPolicy: isSet('RestrictPublicBuckets'),
  }
  await call.door.objects.configure(call.bucket, 'publicAccess', publicAccess)
  return emptyResponse(200)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html */
export const deletePublicAccessBlock = removalOf('publicAccess')
