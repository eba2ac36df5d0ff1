import { incomingBody } from '#api/s3/body'
import type { ObjectCall } from '#api/s3/call'
import { checksumHeaders } from '#api/s3/checksums'
import { writeCondition } from '#api/s3/conditions'
import { encryptionHeaders, readEncryption } from '#api/s3/encryption'
import { expirationHeader } from '#api/s3/lifecycle-headers'
import { putBytesMax } from '#api/s3/limits'
import { readMetadata } from '#api/s3/metadata'
import { originOf } from '#api/s3/origin'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { readReplicaMark } from '#api/s3/replica'
import { emptyResponse, quoted } from '#api/s3/response'
import { readTraits } from '#api/s3/traits'
import { versionHeaders } from '#api/s3/versions'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export async function putObject(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, headers, request } = call
  refuseUnkeptPromises(call)
  const options = {
    body: incomingBody(call, { bytesMax: putBytesMax }),
    metadata: readMetadata(call),
    ...(await readTraits(call, readReplicaMark(call))),
    ...writeCondition(headers),
    ...originOf(call),
    encryption: readEncryption(call),
    signal: request.signal,
  }
  const written = await door.objects.put(bucket, key, options)
  const { etag, checksum } = written
  return emptyResponse(200, {
    etag: quoted(etag),
    ...versionHeaders(written),
    ...expirationHeader(call, written),
    ...checksumHeaders(checksum),
    ...encryptionHeaders(call, written),
  })
}
