import type { BucketCall } from '#api/s3/call'
import { listKeysMax } from '#api/s3/limits'
import {
  checkUnordered,
  commonPrefixElements,
  nameWriter,
  nonEmpty,
  ownerElement,
  readLimit,
} from '#api/s3/listing'
import { isoDate, quoted, xmlResponse } from '#api/s3/response'
import { branch, branches, leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html of a bucket that was never versioned: every object has
 * one version, `null`, and it is the latest.
 */
export async function listObjectVersions(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket, query } = call
  checkUnordered(call)
  const names = nameWriter(call)
  const limit = readLimit(call, 'max-keys', listKeysMax)
  const prefix = query.get('prefix') ?? ''
  const delimiter = nonEmpty(call, 'delimiter')
  const marker = nonEmpty(call, 'key-marker')
  const page = await door.objects.list(bucket, {
    prefix,
    limit,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(marker === undefined ? {} : { after: marker }),
  })
  const { next } = page
  const isKeyNext = next !== undefined && page.objects.at(-1)?.key === next
  return xmlResponse('ListVersionsResult', [
    leaf('Name', bucket),
    leaf('Prefix', names.write(prefix)),
    leaf('KeyMarker', names.write(marker ?? '')),
    leaf('VersionIdMarker', query.get('version-id-marker') ?? ''),
    leaf('NextKeyMarker', next && names.write(next)),
    leaf('NextVersionIdMarker', isKeyNext ? 'null' : undefined),
    leaf('MaxKeys', limit),
    leaf('Delimiter', delimiter && names.write(delimiter)),
    leaf('EncodingType', names.encodingType),
    leaf('IsTruncated', next !== undefined),
    branches(page.objects, ({ key, modifiedAt, etag, bytes }) =>
      branch(
        'Version',
        leaf('Key', names.write(key)),
        leaf('VersionId', 'null'),
        leaf('IsLatest', true),
        leaf('LastModified', isoDate(modifiedAt)),
        leaf('ETag', quoted(etag)),
        leaf('Size', bytes),
        ownerElement(call.owner),
        leaf('StorageClass', 'STANDARD'),
      ),
    ),
    commonPrefixElements(page.commonPrefixes, names),
  ])
}
