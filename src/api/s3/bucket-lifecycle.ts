import type { BucketCall } from '#api/s3/call'
import { invalidRequest, s3Fault } from '#api/s3/faults'
import { readLifecycle, ruleElement } from '#api/s3/lifecycle-document'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { removalOf } from '#api/s3/setting-removal'
import { readXmlBody } from '#api/s3/xml-body'
import { branches } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { SmallObjects } from '#object/lifecycle-rules'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html */
export async function getBucketLifecycle({ facts, bucket }: BucketCall): Promise<HttpResponse> {
  const { lifecycle } = facts.config
  if (lifecycle === undefined) throw s3Fault('s3/no-such-lifecycle', { bucket })
  return xmlResponse(
    'LifecycleConfiguration',
    [branches(lifecycle, ruleElement)],
    smallObjectsHeaders(lifecycle[0]?.smallObjects),
  )
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html */
export async function putBucketLifecycle(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket } = call
  const document = await readXmlBody(call, 'LifecycleConfiguration')
  const smallObjects = readSmallObjects(call)
  const rules = readLifecycle(document, door.world).map((rule) => {
    return smallObjects === undefined ? rule : { ...rule, smallObjects }
  })
  await door.objects.configure(bucket, 'lifecycle', rules)
  return emptyResponse(200, smallObjectsHeaders(smallObjects))
}

const smallObjectsHeader = 'x-amz-transition-default-minimum-object-size'

function readSmallObjects({ headers }: BucketCall): SmallObjects | undefined {
  const text = headers[smallObjectsHeader]
  if (
    text === undefined ||
    text === 'all_storage_classes_128K' ||
    text === 'varies_by_storage_class'
  )
    return text
  throw invalidRequest(`Invalid ${smallObjectsHeader} found`)
}

/** Unlike AWS we move small objects, too, where nobody has said otherwise; then there is nothing to tell. */
function smallObjectsHeaders(smallObjects: SmallObjects | undefined): Record<string, string> {
  return smallObjects === undefined ? {} : { [smallObjectsHeader]: smallObjects }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html */
export const deleteBucketLifecycle = removalOf('lifecycle')
