import type { BucketCall } from '#api/s3/call'
import { listKeysMax } from '#api/s3/limits'
import {
  checkUnordered,
  commonPrefixElements,
  contentsElement,
  nameWriter,
  nonEmpty,
  ownersOf,
  parseToken,
  printToken,
  readLimit,
} from '#api/s3/listing'
import { xmlResponse } from '#api/s3/response'
import { branches, leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export async function listObjectsV2(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket, query } = call
  checkUnordered(call)
  const names = nameWriter(call)
  const limit = readLimit(call, 'max-keys', listKeysMax)
  const prefix = query.get('prefix') ?? ''
  const delimiter = nonEmpty(call, 'delimiter')
  const startAfter = query.get('start-after')
  const token = query.get('continuation-token')
  const after = token ? parseToken(token) : nonEmpty(call, 'start-after')
  // Who is unknown here is not told who is known.
  const tellsOwners =
    query.get('fetch-owner')?.toLowerCase() === 'true' && call.caller !== undefined
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
  return xmlResponse('ListBucketResult', [
    leaf('Name', bucket),
    leaf('Prefix', names.write(prefix)),
    leaf('StartAfter', startAfter && names.write(startAfter)),
    leaf('ContinuationToken', token),
    leaf('NextContinuationToken', page.next && printToken(page.next)),
    leaf('KeyCount', page.objects.length + page.commonPrefixes.length),
    leaf('MaxKeys', limit),
    leaf('Delimiter', delimiter && names.write(delimiter)),
    leaf('EncodingType', names.encodingType),
    leaf('IsTruncated', page.next !== undefined),
    branches(page.objects, (info) =>
      contentsElement(info, { names, owner: tellsOwners ? owners(info.traits) : undefined }),
    ),
    commonPrefixElements(page.commonPrefixes, names),
  ])
}
