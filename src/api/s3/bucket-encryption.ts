import type { BucketCall } from '#api/s3/call'
import { invalidArgument, malformedXml, s3Fault } from '#api/s3/faults'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { removalOf } from '#api/s3/setting-removal'
import { readXmlBody } from '#api/s3/xml-body'
import { childrenOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { BucketConfig } from '#object/model'

type Setting = NonNullable<BucketConfig['encryption']>

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html */
export async function getBucketEncryption({ facts, bucket }: BucketCall): Promise<HttpResponse> {
  const { encryption } = facts.config
  if (encryption === undefined) throw s3Fault('s3/no-such-encryption', { bucket })
  const isNamed = encryption.kind === 'aws:kms'
  return xmlResponse('ServerSideEncryptionConfiguration', [
    branch(
      'Rule',
      branch(
        'ApplyServerSideEncryptionByDefault',
        leaf('SSEAlgorithm', encryption.kind),
        leaf('KMSMasterKeyID', isNamed ? encryption.keyId : undefined),
      ),
      leaf('BucketKeyEnabled', isNamed && encryption.usesBucketKey === true),
    ),
  ])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html */
export async function putBucketEncryption(call: BucketCall): Promise<HttpResponse> {
  const document = await readXmlBody(call, 'ServerSideEncryptionConfiguration')
  const rules = childrenOf(document, 'Rule')
  const [rule] = rules
  if (rule === undefined || rules.length > 1) throw malformedXml('exactly one Rule')
  await call.door.objects.configure(call.bucket, 'encryption', readRule(rule))
  return emptyResponse(200)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html */
export const deleteBucketEncryption = removalOf('encryption')

/** Whether there is a key of that name is asked when something is written (S3). `s3/malformed-xml`, `s3/invalid-argument` */
function readRule(rule: XmlElement): Setting {
  const found = rule.children.find(({ name }) => name === 'ApplyServerSideEncryptionByDefault')
  const kind = found && textOf(found, 'SSEAlgorithm')?.trim()
  const keyId = found && textOf(found, 'KMSMasterKeyID')?.trim()
  const usesBucketKey = textOf(rule, 'BucketKeyEnabled')?.trim() === 'true'
  if (kind !== 'AES256' && kind !== 'aws:kms') throw malformedXml('SSEAlgorithm')
  if (kind === 'AES256') {
    if (keyId === undefined) return { kind }
    throw invalidArgument(
      'KMSMasterKeyID',
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms',
    )
  }
  return {
    kind,
    ...(keyId === undefined ? {} : { keyId }),
    ...(usesBucketKey ? { usesBucketKey } : {}),
  }
}
