import type { BucketCall } from '#api/s3/call'
import { listKeysMax } from '#api/s3/limits'
import {
  checkUnordered,
  commonPrefixElements,
  contentsElement,
  markerOf,
  nameWriter,
  nonEmpty,
  ownersOf,
  readLimit,
} from '#api/s3/listing'
import { xmlResponse } from '#api/s3/response'
import { branches, isXmlText, leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export async function listObjects(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket, query } = call
  checkUnordered(call)
  const names = nameWriter(call)
  const limit = readLimit(call, 'max-keys', listKeysMax)
  const prefix = query.get('prefix') ?? ''
  const delimiter = nonEmpty(call, 'delimiter')
  const marker = query.get('marker') ?? ''
  const after = markerOf(nonEmpty(call, 'marker'), { prefix, delimiter })
  const page = await door.objects.list(bucket, {
    prefix,
    limit,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(after === undefined ? {} : { after }),
  })
  const owners = await ownersOf(
    call,
    page.objects.map(({ traits }) => traits),
  )
  // AWS names the next marker only with a delimiter; without one the last key is it.
  const nextMarker = delimiter === undefined ? undefined : page.next
  return xmlResponse('ListBucketResult', [
    leaf('Name', bucket),
    // As it is, since boto3 decodes every name of this answer but this one; unless XML could not say it.
    leaf('Prefix', isXmlText(prefix) ? prefix : names.write(prefix)),
    leaf('Marker', names.write(marker)),
    leaf('NextMarker', nextMarker && names.write(nextMarker)),
    leaf('MaxKeys', limit),
    leaf('Delimiter', delimiter && names.write(delimiter)),
    leaf('EncodingType', names.encodingType),
    leaf('IsTruncated', page.next !== undefined),
    // Who is unknown here is not told who is known.
    branches(page.objects, (info) =>
      contentsElement(info, { names, owner: call.caller && owners(info.traits) }),
    ),
    commonPrefixElements(page.commonPrefixes, names),
  ])
}
