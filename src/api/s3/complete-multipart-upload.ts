import type { ObjectCall } from '#api/s3/call'
import {
  checksumElements,
  parseChecksumType,
  partChecksum,
  statedObjectChecksum,
} from '#api/s3/checksums'
import { writeCondition } from '#api/s3/conditions'
import { encryptionHeaders, readCustomerKey } from '#api/s3/encryption'
import { malformedXml, s3Fault } from '#api/s3/faults'
import { expirationHeader } from '#api/s3/lifecycle-headers'
import { partsMax } from '#api/s3/limits'
import { originOf } from '#api/s3/origin'
import { quoted, xmlResponse } from '#api/s3/response'
import { uploadOf } from '#api/s3/uploads'
import { versionHeaders } from '#api/s3/versions'
import { readXmlBody } from '#api/s3/xml-body'
import { childrenOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import { parseTarget } from '#http/target'
import type { CompletedPart, CompleteOptions } from '#object/model'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export async function completeMultipartUpload(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, headers, request } = call
  const upload = uploadOf(call)
  const stated = readStated(headers)
  const customerKey = readCustomerKey(call)
  const parts = readParts(await readXmlBody(checksumlessBody(call), 'CompleteMultipartUpload'))
  const completed = await door.objects.completeUpload(upload, parts, {
    ...writeCondition(headers),
    ...originOf(call),
    ...stated,
    customerKey,
  })
  const elements = [
    leaf('Location', `http://${headers['host'] ?? ''}${parseTarget(request.target).rawPath}`),
    leaf('Bucket', bucket),
    leaf('Key', key),
    leaf('ETag', quoted(completed.etag)),
    ...checksumElements(completed.checksum),
  ]
  return xmlResponse('CompleteMultipartUploadResult', elements, {
    ...versionHeaders(completed),
    ...expirationHeader(call, completed),
    ...encryptionHeaders(call, completed),
  })
}

/** What the headers say of the object to be. */
function readStated(
  headers: ObjectCall['headers'],
): Omit<CompleteOptions, 'condition' | 'customerKey'> {
  const checksum = statedObjectChecksum(headers)
  const checksumType = parseChecksumType(headers['x-amz-checksum-type'])
  const size = headers['x-amz-mp-object-size']
  if (size !== undefined && !/^\d{1,15}$/.test(size)) {
    throw s3Fault('s3/invalid-argument', { argument: 'x-amz-mp-object-size' })
  }
  return {
    ...(checksum === undefined ? {} : { checksum }),
    ...(checksumType === undefined ? {} : { checksumType }),
    ...(size === undefined ? {} : { bytes: Number(size) }),
  }
}

/** In this operation a checksum header speaks of the object, not of the XML. */
function checksumlessBody(call: ObjectCall): ObjectCall {
  const headers = Object.fromEntries(
    Object.entries(call.headers).filter(
      ([name]) => !name.startsWith('x-amz-checksum-') && name !== 'x-amz-sdk-checksum-algorithm',
    ),
  )
  return { ...call, headers }
}

function readParts(document: XmlElement): readonly CompletedPart[] {
  const parts = childrenOf(document, 'Part')
  if (parts.length === 0 || parts.length > partsMax) {
    throw malformedXml(`1 to ${partsMax} parts`)
  }
  return withoutRepeats(parts.map(readPart))
}

/** A client that has sent a part again may list it again: the last counts, as with the parts themselves. */
function withoutRepeats(parts: readonly CompletedPart[]): readonly CompletedPart[] {
  return parts.filter(({ number }, index) => parts[index + 1]?.number !== number)
}

function readPart(part: XmlElement): CompletedPart {
  const number = textOf(part, 'PartNumber')?.trim()
  const etag = textOf(part, 'ETag')?.trim()
  if (number === undefined || etag === undefined || !/^\d{1,9}$/.test(number)) {
    throw malformedXml('Part needs PartNumber and ETag')
  }
  const checksum = partChecksum(part)
  return {
    number: Number(number), // one that no part has is the domain's to refuse
    etag: etag.replace(/^"(.*)"$/, '$1'),
    ...(checksum === undefined ? {} : { checksum }),
  }
}
