import type { ObjectCall } from '#api/s3/call'
import { checksumHeaders, checksumOfPart } from '#api/s3/checksums'
import { encryptionHeaders } from '#api/s3/encryption'
import { invalidRequest, s3Fault } from '#api/s3/faults'
import { expirationHeader } from '#api/s3/lifecycle-headers'
import { lockHeaders } from '#api/s3/locks'
import { metadataHeaders } from '#api/s3/metadata'
import { replicationHeader } from '#api/s3/replica'
import { httpDate, quoted } from '#api/s3/response'
import { classHeader } from '#api/s3/storage-classes'
import { versionHeaders } from '#api/s3/versions'
import { asHeaderBytes } from '#identity/latin1'
import type { ByteRange, Checksum, ObjectInfo, ObjectPart, Traits } from '#object/model'

/** The part of an object that a GET or HEAD is answered with. */
export interface Selection {
  readonly status: 200 | 206
  /** `undefined`: all of it. Empty (`last` before `first`) for an empty part. */
  readonly range?: ByteRange
  /** Set when the client named a part by number and the object has parts. */
  readonly part?: ObjectPart
}

/** Answer headers that GET and HEAD share. */
export function objectHeaders(
  call: ObjectCall,
  info: ObjectInfo,
  selection: Selection,
): Record<string, string | number> {
  const { headers, query } = call
  const { range, part } = selection
  const bytes = range === undefined ? info.bytes : range.last - range.first + 1
  const wantsChecksum = headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED'
  return {
    ...identityHeaders(info),
    ...versionHeaders(info),
    ...encryptionHeaders(call, info),
    ...lockHeaders(info.traits),
    ...tagCountHeader(info.traits),
    ...classHeader(info.traits),
    ...replicationHeader(info.traits),
    // Who names a version may have named a former one, whose end depends on others.
    ...(query.has('versionId') ? {} : expirationHeader(call, info)),
    ...metadataHeaders(info.metadata),
    ...overrides(call),
    'accept-ranges': 'bytes',
    'content-length': bytes,
    // Of an empty last part no Content-Range can be said.
    ...(range === undefined || bytes === 0
      ? {}
      : { 'content-range': `bytes ${range.first}-${range.last}/${info.bytes}` }),
    ...(part === undefined ? {} : { 'x-amz-mp-parts-count': info.parts?.length ?? 1 }),
    ...(wantsChecksum ? checksumHeaders(checksumOfSelection(info, selection)) : {}),
  }
}

/** Of all, or of one part. With another range the client could not check it. */
function checksumOfSelection(info: ObjectInfo, { range, part }: Selection): Checksum | undefined {
  if (part !== undefined) return checksumOfPart(info, part)
  return range === undefined ? info.checksum : undefined
}

function tagCountHeader({ tags = [] }: Traits): Record<string, number> {
  return tags.length === 0 ? {} : { 'x-amz-tagging-count': tags.length }
}

/** What a cache needs, also in a 304. */
export function identityHeaders({ etag, modifiedAt }: ObjectInfo): Record<string, string> {
  return { etag: quoted(etag), 'last-modified': httpDate(modifiedAt) }
}

const overridable = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
] as const

/**
 * `response-content-type` and the like: the reader's wishes in place of the writer's. Not of somebody unknown: what anybody has put into a public
 * bucket would be a page of this host's wherever a link says so.
 */
function overrides({ query, caller }: ObjectCall): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const header of overridable) {
    const wish = query.get(`response-${header}`)
    if (wish === undefined) continue
    if (caller === undefined)
      throw invalidRequest(
        'Request specific response headers cannot be used for anonymous GET requests.',
      )
    const value = asHeaderBytes(wish)
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw s3Fault('s3/invalid-argument', { argument: `response-${header}` })
    }
    headers[header] = value
  }
  return headers
}
