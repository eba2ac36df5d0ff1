import type { ObjectCall } from '#api/s3/call'
import { checksumWord, parseAlgorithm, parseChecksumType } from '#api/s3/checksums'
import { encryptionHeaders, readEncryption } from '#api/s3/encryption'
import { invalidRequest } from '#api/s3/faults'
import { abortHeaders } from '#api/s3/lifecycle-headers'
import { readMetadata } from '#api/s3/metadata'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { readReplicaMark } from '#api/s3/replica'
import { xmlResponse } from '#api/s3/response'
import { readTraits } from '#api/s3/traits'
import { leaf } from '#api/s3/xml-writer'
import { isCrc } from '#crypto/digest'
import type { HttpResponse } from '#http/message'
import type { Checksum, ChecksumAlgorithm } from '#object/model'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export async function createMultipartUpload(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key } = call
  refuseUnkeptPromises(call)
  const checksum = readChecksumPlan(call)
  const upload = await door.objects.createUpload(bucket, key, {
    metadata: readMetadata(call),
    ...(await readTraits(call, readReplicaMark(call))),
    encryption: readEncryption(call),
    ...checksum,
  })
  const { checksumAlgorithm, checksumType } = checksum
  return xmlResponse(
    'InitiateMultipartUploadResult',
    [leaf('Bucket', bucket), leaf('Key', key), leaf('UploadId', upload.uploadId)],
    {
      ...(checksumAlgorithm === undefined
        ? {}
        : { 'x-amz-checksum-algorithm': checksumWord(checksumAlgorithm) }),
      ...(checksumType === undefined ? {} : { 'x-amz-checksum-type': checksumType }),
      ...abortHeaders(call, upload),
      ...encryptionHeaders(call, upload),
    },
  )
}

/**
 * Which checksum the whole object shall have. CRCs of parts can be combined into that of the whole; SHA digests cannot, so theirs is
 * a digest of digests; and CRC64NVME is defined for the whole only.
 */
function readChecksumPlan({ headers }: ObjectCall): {
  readonly checksumAlgorithm?: ChecksumAlgorithm
  readonly checksumType?: Checksum['type']
} {
  const algorithm = parseAlgorithm(headers['x-amz-checksum-algorithm'])
  const type = parseChecksumType(headers['x-amz-checksum-type'])
  if (algorithm === undefined) {
    if (type === undefined) return {}
    throw invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    )
  }
  const isImpossible =
    (!isCrc(algorithm) && type === 'FULL_OBJECT') ||
    (algorithm === 'crc64nvme' && type === 'COMPOSITE')
  if (isImpossible) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${checksumWord(algorithm)} checksum algorithm.`,
    )
  }
  return {
    checksumAlgorithm: algorithm,
    // As S3 itself does it, whatever else could be had of a CRC: clients count on it when they complete.
    checksumType: type ?? (algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE'),
  }
}
