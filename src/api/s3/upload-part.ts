import { incomingBody } from '#api/s3/body'
import type { ObjectCall } from '#api/s3/call'
import {
  checksumWord,
  partChecksumHeaders,
  statedChecksum,
  trailingAlgorithm,
} from '#api/s3/checksums'
import { encryptionHeaders, readCustomerKey } from '#api/s3/encryption'
import { invalidRequest } from '#api/s3/faults'
import { putBytesMax } from '#api/s3/limits'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { emptyResponse, quoted } from '#api/s3/response'
import { partNumberOf, uploadOf } from '#api/s3/uploads'
import type { HttpResponse } from '#http/message'
import type { UploadInfo } from '#object/model'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export async function uploadPart(call: ObjectCall): Promise<HttpResponse> {
  const { door, request } = call
  refuseUnkeptPromises(call)
  const number = partNumberOf(call)
  const name = uploadOf(call)
  const customerKey = readCustomerKey(call)
  // Asked before the body is pulled: the upload says which checksum its parts need.
  const upload = await door.objects.headUpload(name.bucket, name.key, name.uploadId)
  checkAlgorithm(call, upload)
  const keep = upload.checksumAlgorithm
  const body = incomingBody(call, {
    bytesMax: putBytesMax,
    ...(keep === undefined ? {} : { keep }),
  })
  const part = await door.objects.putPart(name, number, {
    body,
    customerKey,
    signal: request.signal,
  })
  return emptyResponse(200, {
    etag: quoted(part.etag),
    ...partChecksumHeaders(part.checksum),
    ...encryptionHeaders(call, upload),
  })
}

/** An upload that was created for one checksum takes no other; one created for none takes any. */
function checkAlgorithm({ headers }: ObjectCall, { checksumAlgorithm }: UploadInfo): void {
  const given = statedChecksum(headers)?.algorithm ?? trailingAlgorithm(headers)
  if (checksumAlgorithm === undefined || given === undefined || given === checksumAlgorithm) return
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${checksumWord(checksumAlgorithm)}, actual checksum Type: ${checksumWord(given)}`,
  )
}
