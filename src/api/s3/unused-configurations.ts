/** Settings that clients look for and no bucket here has: accelerated transfer, and four that come by the name. */
import type { BucketCall, Operation } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import { xmlResponse } from '#api/s3/response'
import { leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAccelerateConfiguration.html */
export async function getBucketAccelerateConfiguration(): Promise<HttpResponse> {
  return xmlResponse('AccelerateConfiguration', [])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketAnalyticsConfigurations.html */
export const listAnalyticsConfigurations = listNone('ListBucketAnalyticsConfigurationResult')

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketIntelligentTieringConfigurations.html */
export const listIntelligentTieringConfigurations = listNone(
  'ListBucketIntelligentTieringConfigurationsOutput',
)

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketInventoryConfigurations.html */
export const listInventoryConfigurations = listNone('ListInventoryConfigurationsResult')

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketMetricsConfigurations.html */
export const listMetricsConfigurations = listNone('ListMetricsConfigurationsResult')

/** One of them would be asked for by its `id`. `s3/not-implemented` */
function listNone(root: string): Operation<BucketCall> {
  return async ({ query }) => {
    if (query.has('id')) throw s3Fault('s3/not-implemented')
    return xmlResponse(root, [leaf('IsTruncated', false)])
  }
}
