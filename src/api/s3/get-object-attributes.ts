import type { ObjectCall } from '#api/s3/call'
import { checksumElements, checksumOfPart, partChecksumElements } from '#api/s3/checksums'
import { assertReadable } from '#api/s3/encryption'
import { s3Fault } from '#api/s3/faults'
import { listKeysMax, partsMax } from '#api/s3/limits'
import { httpDate, xmlResponse } from '#api/s3/response'
import { versionHeaders, versionOf } from '#api/s3/versions'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { ObjectInfo } from '#object/model'
import { classOf } from '#object/rows'

const names = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const
type Name = (typeof names)[number]

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html; takes the right to read the object and one of its own. */
export async function getObjectAttributes(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, admission } = call
  const wanted = readNames(call)
  const page = {
    after: readNumber(call, 'x-amz-part-number-marker', 0, partsMax),
    limit: readNumber(call, 'x-amz-max-parts', listKeysMax, listKeysMax),
  }
  const version = versionOf(call)
  const info = await door.objects.head(bucket, key, version)
  admission.admit(info)
  const action = version === undefined ? 's3:GetObjectAttributes' : 's3:GetObjectVersionAttributes'
  if (!admission.may({ action, key }, info)) throw s3Fault('s3/access-denied')
  assertReadable(call, info)
  const elements = names.filter((name) => wanted.has(name)).map((name) => element(name, info, page))
  return xmlResponse('GetObjectAttributesResponse', elements, {
    'last-modified': httpDate(info.modifiedAt),
    ...versionHeaders(info),
  })
}

interface Page {
  readonly after: number
  readonly limit: number
}

function element(name: Name, info: ObjectInfo, page: Page): Xml {
  switch (name) {
    case 'ETag':
      return leaf('ETag', info.etag)
    case 'ObjectSize':
      return leaf('ObjectSize', info.bytes)
    case 'StorageClass':
      return leaf('StorageClass', classOf(info.traits))
    case 'Checksum':
      return info.checksum === undefined
        ? leaf('Checksum', undefined)
        : branch('Checksum', ...checksumElements(info.checksum))
    case 'ObjectParts':
      return partsElement(info, page)
  }
}

/** Nothing of an object that was put whole. */
function partsElement(info: ObjectInfo, { after, limit }: Page): Xml {
  const { parts } = info
  if (parts === undefined) return leaf('ObjectParts', undefined)
  const left = parts.filter(({ number }) => number > after)
  const told = left.slice(0, limit)
  return branch(
    'ObjectParts',
    leaf('PartsCount', parts.length),
    leaf('PartNumberMarker', after),
    leaf('NextPartNumberMarker', told.at(-1)?.number ?? 0),
    leaf('MaxParts', limit),
    leaf('IsTruncated', left.length > told.length),
    branches(told, (part) =>
      branch(
        'Part',
        leaf('PartNumber', part.number),
        leaf('Size', part.bytes),
        ...partChecksumElements(checksumOfPart(info, part)),
      ),
    ),
  )
}

function readNames({ headers }: ObjectCall): ReadonlySet<Name> {
  const asked = (headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim())
  const wanted = new Set(names.filter((name) => asked.includes(name)))
  if (wanted.size < asked.length)
    throw s3Fault('s3/invalid-argument', { argument: 'x-amz-object-attributes' })
  return wanted
}

function readNumber({ headers }: ObjectCall, header: string, without: number, max: number): number {
  const text = headers[header]
  if (text === undefined) return without
  if (!/^\d{1,9}$/.test(text)) throw s3Fault('s3/invalid-argument', { argument: header })
  return Math.min(Number(text), max)
}
