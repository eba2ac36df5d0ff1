import type { BucketCall } from '#api/s3/call'
import { xmlResponse } from '#api/s3/response'
import { leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html: of a bucket that never kept versions, no status. */
export async function getBucketVersioning({ facts }: BucketCall): Promise<HttpResponse> {
  const words = { enabled: 'Enabled', suspended: 'Suspended' } as const
  const { versioning } = facts
  return xmlResponse('VersioningConfiguration', [leaf('Status', versioning && words[versioning])])
}
