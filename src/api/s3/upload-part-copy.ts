import type { ObjectCall } from '#api/s3/call'
import { partChecksumElements } from '#api/s3/checksums'
import { readCopyRange, readCopySource, readSource } from '#api/s3/copy-source'
import { encryptionHeaders, readCustomerKey } from '#api/s3/encryption'
import { s3Fault } from '#api/s3/faults'
import { putBytesMax } from '#api/s3/limits'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { isoSeconds, quoted, xmlResponse } from '#api/s3/response'
import { partNumberOf, uploadOf } from '#api/s3/uploads'
import { sourceVersionHeaders } from '#api/s3/versions'
import { leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import { objectFault } from '#object/faults'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export async function uploadPartCopy(call: ObjectCall): Promise<HttpResponse> {
  const { door, headers, request } = call
  refuseUnkeptPromises(call)
  const number = partNumberOf(call)
  const upload = uploadOf(call)
  const customerKey = readCustomerKey(call)
  const source = readCopySource(call, call.door.world)
  const range = readCopyRange(headers['x-amz-copy-source-range'])
  const { bytes, versionId } = await readSource(call, source)
  const copied = range === undefined ? bytes : range.last - range.first + 1
  if (copied > putBytesMax)
    throw s3Fault('s3/body-too-large', { bytes: copied, bytesMax: putBytesMax })
  if (range !== undefined && range.last >= bytes) {
    throw objectFault('object/range-unsatisfiable', { bytes })
  }
  const info = await door.objects.headUpload(upload.bucket, upload.key, upload.uploadId)
  const part = await door.objects.copyPart(
    upload,
    number,
    {
      ...source,
      ...(versionId === undefined ? {} : { version: versionId }),
      ...(range === undefined ? {} : { range }),
    },
    { customerKey, signal: request.signal },
  )
  const elements = [
    leaf('LastModified', isoSeconds(part.modifiedAt)),
    leaf('ETag', quoted(part.etag)),
    ...partChecksumElements(part.checksum),
  ]
  return xmlResponse('CopyPartResult', elements, {
    ...encryptionHeaders(call, info),
    ...sourceVersionHeaders(versionId === undefined ? {} : { sourceVersionId: versionId }),
  })
}
