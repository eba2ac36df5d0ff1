import type { ObjectCall } from '#api/s3/call'
import { checksumElements, parseAlgorithm } from '#api/s3/checksums'
import { writeCondition } from '#api/s3/conditions'
import { readCopySource, readSource } from '#api/s3/copy-source'
import { encryptionHeaderNames, encryptionHeaders, readEncryption } from '#api/s3/encryption'
import { invalidArgument, invalidRequest } from '#api/s3/faults'
import { expirationHeader } from '#api/s3/lifecycle-headers'
import { putBytesMax } from '#api/s3/limits'
import { readMetadata, readRedirect } from '#api/s3/metadata'
import { originOf } from '#api/s3/origin'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { isoSeconds, quoted, xmlResponse } from '#api/s3/response'
import { readTraits } from '#api/s3/traits'
import { sourceVersionHeaders, versionHeaders } from '#api/s3/versions'
import { leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { Traits } from '#object/model'

/** What else may be changed by a copy of an object onto itself: naming it is enough, as in S3, even if it stays as it was. */
const changing = [
  'x-amz-storage-class',
  ...encryptionHeaderNames,
  'x-amz-website-redirect-location',
]

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export async function copyObject(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, headers, request } = call
  refuseUnkeptPromises(call)
  const source = readCopySource(call, call.door.world)
  const checksumAlgorithm = parseAlgorithm(headers['x-amz-checksum-algorithm'])
  const replaces = readDirective(call, 'x-amz-metadata-directive') === 'REPLACE'
  const isOntoItself =
    source.bucket === bucket && source.key === key && source.version === undefined
  const { bytes, encryption } = await readSource(call, source)
  // A default of the bucket's, or that there is none, may give it another encryption: how whole buckets are encrypted anew.
  const mayChange =
    replaces ||
    changing.some((header) => headers[header] !== undefined) ||
    call.facts.config.encryption !== undefined ||
    encryption?.kind === 'aws:kms'
  if (isOntoItself && !mayChange) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    )
  }
  if (bytes > putBytesMax) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${putBytesMax}`,
    )
  }
  const copied = await door.objects.copy(
    source,
    { bucket, key },
    {
      ...(replaces ? { metadata: readMetadata(call) } : readRedirect(call)),
      traits: await readCopyTraits(call),
      ...writeCondition(headers),
      ...originOf(call),
      encryption: readEncryption(call),
      ...(checksumAlgorithm === undefined ? {} : { checksumAlgorithm }),
      signal: request.signal,
    },
  )
  return xmlResponse(
    'CopyObjectResult',
    [
      leaf('LastModified', isoSeconds(copied.modifiedAt)),
      leaf('ETag', quoted(copied.etag)),
      ...checksumElements(copied.checksum),
    ],
    {
      ...versionHeaders(copied),
      ...sourceVersionHeaders(copied),
      ...expirationHeader(call, copied),
      ...encryptionHeaders(call, copied),
    },
  )
}

/** The source's tags are kept unless they are to be replaced, by none perhaps. */
async function readCopyTraits(call: ObjectCall): Promise<Traits> {
  const { tags = [], ...lock } = (await readTraits(call)).traits ?? {}
  const replaces = readDirective(call, 'x-amz-tagging-directive') === 'REPLACE'
  return replaces ? { tags, ...lock } : lock
}

function readDirective({ headers }: ObjectCall, header: string): 'COPY' | 'REPLACE' {
  const text = headers[header]
  if (text === undefined || text === 'COPY') return 'COPY'
  if (text === 'REPLACE') return 'REPLACE'
  const kind = header.slice('x-amz-'.length, -'-directive'.length)
  throw invalidArgument(header, `Unknown ${kind} directive.`)
}
