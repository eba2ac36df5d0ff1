import type { ObjectCall } from '#api/s3/call'
import { checksumWord, partChecksumElements } from '#api/s3/checksums'
import { ownerOf } from '#api/s3/enter'
import { abortHeaders } from '#api/s3/lifecycle-headers'
import { listKeysMax, partsMax } from '#api/s3/limits'
import { nameWriter, nonEmpty, readLimit } from '#api/s3/listing'
import { initiatorElement, ownerElement } from '#api/s3/owner-element'
import { isoSeconds, quoted, xmlResponse } from '#api/s3/response'
import { uploadOf } from '#api/s3/uploads'
import { branch, branches, leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import { classOf } from '#object/rows'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export async function listParts(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key } = call
  const names = nameWriter(call)
  const limit = readLimit(call, 'max-parts', listKeysMax)
  const marker = 'part-number-marker'
  const after = nonEmpty(call, marker) === undefined ? 0 : readLimit(call, marker, partsMax)
  const page = await door.objects.listParts(uploadOf(call), { after, limit })
  const { upload, parts, isTruncated } = page
  const owner = await ownerOf(call, upload.traits.owner ?? call.facts.owner)
  const elements = [
    leaf('Bucket', bucket),
    leaf('Key', names.write(key)),
    leaf('UploadId', upload.uploadId),
    initiatorElement(owner),
    ownerElement(owner),
    leaf('StorageClass', classOf(upload.traits)),
    leaf('PartNumberMarker', after),
    leaf('NextPartNumberMarker', parts.at(-1)?.number ?? 0),
    leaf('MaxParts', limit),
    leaf('EncodingType', names.encodingType),
    leaf('IsTruncated', isTruncated),
    leaf('ChecksumAlgorithm', upload.checksumAlgorithm && checksumWord(upload.checksumAlgorithm)),
    leaf('ChecksumType', upload.checksumType),
    branches(parts, (part) =>
      branch(
        'Part',
        leaf('PartNumber', part.number),
        leaf('LastModified', isoSeconds(part.modifiedAt)),
        leaf('ETag', quoted(part.etag)),
        leaf('Size', part.bytes),
        ...partChecksumElements(part.checksum),
      ),
    ),
  ]
  return xmlResponse('ListPartsResult', elements, abortHeaders(call, upload))
}
