import type { BucketCall } from '#api/s3/call'
import { checksumWord } from '#api/s3/checksums'
import { invalidArgument } from '#api/s3/faults'
import { listKeysMax } from '#api/s3/limits'
import {
  checkUnordered,
  commonPrefixElements,
  markerOf,
  type NameWriter,
  nameWriter,
  nonEmpty,
  ownersOf,
  readLimit,
} from '#api/s3/listing'
import { ownerElement } from '#api/s3/owner-element'
import { isoSeconds, quoted, xmlResponse } from '#api/s3/response'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { Owner } from '#identity/principal'
import type { VersionEntry } from '#object/model'
import { parseVersionId } from '#object/names'
import { classOf } from '#object/rows'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export async function listObjectVersions(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket, query } = call
  checkUnordered(call)
  const names = nameWriter(call)
  const limit = readLimit(call, 'max-keys', listKeysMax)
  const prefix = query.get('prefix') ?? ''
  const delimiter = nonEmpty(call, 'delimiter')
  const afterKey = nonEmpty(call, 'key-marker')
  const versionMarker = nonEmpty(call, 'version-id-marker')
  if (afterKey === undefined && versionMarker !== undefined) {
    throw invalidArgument(
      'version-id-marker',
      'A version-id marker cannot be specified without a key marker.',
    )
  }
  const after = markerOf(afterKey, { prefix, delimiter })
  const isWithin = after === afterKey && versionMarker !== undefined
  const page = await door.objects.listVersions(bucket, {
    prefix,
    limit,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(after === undefined ? {} : { afterKey: after }),
    ...(isWithin ? { afterVersion: parseVersionId(versionMarker) } : {}),
  })
  const { next } = page
  const owners = await ownersOf(
    call,
    page.versions.map(({ info }) => info?.traits ?? {}),
  )
  return xmlResponse('ListVersionsResult', [
    leaf('Name', bucket),
    leaf('Prefix', names.write(prefix)),
    leaf('KeyMarker', names.write(afterKey ?? '')),
    leaf('VersionIdMarker', versionMarker ?? ''),
    leaf('NextKeyMarker', next && names.write(next.key)),
    leaf('NextVersionIdMarker', next?.version),
    leaf('MaxKeys', limit),
    leaf('Delimiter', delimiter && names.write(delimiter)),
    leaf('EncodingType', names.encodingType),
    leaf('IsTruncated', next !== undefined),
    branches(page.versions, (entry) =>
      entryElement(entry, { names, owner: owners(entry.info?.traits ?? {}) }),
    ),
    commonPrefixElements(page.commonPrefixes, names),
  ])
}

function entryElement(
  { key, versionId, isLatest, modifiedAt, info }: VersionEntry,
  { names, owner }: { readonly names: NameWriter; readonly owner: Owner },
): Xml {
  return branch(
    info === undefined ? 'DeleteMarker' : 'Version',
    leaf('Key', names.write(key)),
    leaf('VersionId', versionId),
    leaf('IsLatest', isLatest),
    leaf('LastModified', isoSeconds(modifiedAt)),
    leaf('ETag', info && quoted(info.etag)),
    leaf('ChecksumAlgorithm', info?.checksum && checksumWord(info.checksum.algorithm)),
    leaf('ChecksumType', info?.checksum?.type),
    leaf('Size', info?.bytes),
    ownerElement(owner),
    leaf('StorageClass', info && classOf(info.traits)),
  )
}
