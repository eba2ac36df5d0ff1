import type { BucketCall } from '#api/s3/call'
import { checksumWord } from '#api/s3/checksums'
import { listKeysMax } from '#api/s3/limits'
import {
  commonPrefixElements,
  markerOf,
  type NameWriter,
  nameWriter,
  nonEmpty,
  ownersOf,
  readLimit,
} from '#api/s3/listing'
import { initiatorElement, ownerElement } from '#api/s3/owner-element'
import { isoSeconds, xmlResponse } from '#api/s3/response'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { Owner } from '#identity/principal'
import type { UploadInfo } from '#object/model'
import { classOf } from '#object/rows'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export async function listMultipartUploads(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket, query } = call
  const names = nameWriter(call)
  const limit = readLimit(call, 'max-uploads', listKeysMax)
  const prefix = query.get('prefix') ?? ''
  const delimiter = nonEmpty(call, 'delimiter')
  const afterKey = nonEmpty(call, 'key-marker')
  const after = markerOf(afterKey, { prefix, delimiter })
  // An upload id without a key says nothing, so S3 ignores it.
  const afterUploadId =
    after === undefined || after !== afterKey ? undefined : nonEmpty(call, 'upload-id-marker')
  const page = await door.objects.listUploads(bucket, {
    prefix,
    limit,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(after === undefined ? {} : { afterKey: after }),
    ...(afterUploadId === undefined ? {} : { afterUploadId }),
  })
  const owners = await ownersOf(
    call,
    page.uploads.map(({ traits }) => traits),
  )
  const next = page.isTruncated ? lastOf(page) : undefined
  return xmlResponse('ListMultipartUploadsResult', [
    leaf('Bucket', bucket),
    leaf('KeyMarker', names.write(afterKey ?? '')),
    leaf('UploadIdMarker', afterUploadId ?? ''),
    leaf('NextKeyMarker', next && names.write(next.key)),
    leaf('NextUploadIdMarker', next?.uploadId),
    leaf('Prefix', query.has('prefix') ? names.write(prefix) : undefined),
    leaf('Delimiter', delimiter && names.write(delimiter)),
    leaf('MaxUploads', limit),
    leaf('EncodingType', names.encodingType),
    leaf('IsTruncated', page.isTruncated),
    branches(page.uploads, (upload) => uploadElement(upload, names, owners(upload.traits))),
    commonPrefixElements(page.commonPrefixes, names),
  ])
}

/** The last name of the page, upload or common prefix, in the bytewise order of keys. */
function lastOf({
  uploads,
  commonPrefixes,
}: {
  readonly uploads: readonly UploadInfo[]
  readonly commonPrefixes: readonly string[]
}): { readonly key: string; readonly uploadId: string } {
  const upload = uploads.at(-1)
  const prefix = commonPrefixes.at(-1)
  const isPrefixLast =
    prefix !== undefined &&
    (upload === undefined || Buffer.compare(Buffer.from(prefix), Buffer.from(upload.key)) > 0)
  if (isPrefixLast) return { key: prefix, uploadId: '' }
  return { key: upload?.key ?? '', uploadId: upload?.uploadId ?? '' }
}

function uploadElement(upload: UploadInfo, names: NameWriter, owner: Owner): Xml {
  const { key, uploadId, startedAt, checksumAlgorithm, checksumType } = upload
  return branch(
    'Upload',
    leaf('Key', names.write(key)),
    leaf('UploadId', uploadId),
    initiatorElement(owner),
    ownerElement(owner),
    leaf('StorageClass', classOf(upload.traits)),
    leaf('Initiated', isoSeconds(startedAt)),
    leaf('ChecksumAlgorithm', checksumAlgorithm && checksumWord(checksumAlgorithm)),
    leaf('ChecksumType', checksumType),
  )
}
