/**
 * The headers an object carries for its readers. Values stay as they came, one character per byte, so what is no ASCII comes back
 * byte for byte.
 */
import type { Call } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import { metadataBytesMax, redirectBytesMax } from '#api/s3/limits'
import type { ObjectMetadata } from '#object/model'

const userPrefix = 'x-amz-meta-'

/** What readers get when the writer named no type (S3's own word for it). */
const defaultContentType = 'binary/octet-stream'

/** System headers by the field that keeps them. */
const fields = {
  contentType: 'content-type',
  cacheControl: 'cache-control',
  contentDisposition: 'content-disposition',
  contentEncoding: 'content-encoding',
  contentLanguage: 'content-language',
  expires: 'expires',
  websiteRedirectLocation: 'x-amz-website-redirect-location',
} as const satisfies Partial<Record<keyof ObjectMetadata, string>>

/** The metadata of a write. `s3/metadata-too-large` past 2 KiB of user metadata, `s3/invalid-redirect-location`. */
export function readMetadata({ headers }: Pick<Call, 'headers'>): ObjectMetadata {
  const system: Record<string, string> = {}
  for (const [field, header] of Object.entries(fields)) {
    const value = field === 'contentEncoding' ? storedEncoding(headers[header]) : headers[header]
    if (value === undefined || value === '') continue
    if (!isSendable(header, value)) throw s3Fault('s3/invalid-argument', { argument: header })
    system[field] = value
  }
  assertRedirect(system['websiteRedirectLocation'])
  return { ...system, user: readUserMetadata(headers) }
}

/** For copies that keep their source's metadata: all but this. `s3/invalid-redirect-location` */
export function readRedirect({
  headers,
}: Pick<Call, 'headers'>): Pick<ObjectMetadata, 'websiteRedirectLocation'> {
  const location = headers[fields.websiteRedirectLocation]
  if (location === undefined || location === '') return {}
  assertRedirect(location)
  return { websiteRedirectLocation: location }
}

/** Another page of this website, or another website. */
function assertRedirect(location: string | undefined): void {
  if (location === undefined) return
  const isSound = isSendable(fields.websiteRedirectLocation, location)
  if (!isSound || !/^(\/|https?:\/\/)/.test(location) || location.length > redirectBytesMax)
    throw s3Fault('s3/invalid-redirect-location')
}

/** The same as headers of an answer. */
export function metadataHeaders(metadata: ObjectMetadata): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': defaultContentType }
  for (const field of systemFields) {
    const value = metadata[field]
    if (value !== undefined) headers[fields[field]] = value
  }
  for (const [name, value] of Object.entries(metadata.user)) headers[userPrefix + name] = value
  return headers
}

const systemFields = [
  'contentType',
  'cacheControl',
  'contentDisposition',
  'contentEncoding',
  'contentLanguage',
  'expires',
  'websiteRedirectLocation',
] as const satisfies readonly (keyof typeof fields)[]

function readUserMetadata(headers: Call['headers']): Record<string, string> {
  let bytes = 0
  const user: [string, string][] = []
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(userPrefix) || value === undefined) continue
    const name = header.slice(userPrefix.length)
    if (!isSendable(name, value)) throw s3Fault('s3/invalid-argument', { argument: header })
    bytes += name.length + value.length
    user.push([name, value])
  }
  if (bytes > metadataBytesMax) {
    throw s3Fault('s3/metadata-too-large', { bytes, bytesMax: metadataBytesMax })
  }
  return Object.fromEntries(user)
}

/** Names and values moved into a presigned URL may hold what no header can. */
function isSendable(name: string, value: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
}

/** `aws-chunked` describes the transfer, not the object; what does not name it stays as it came. */
function storedEncoding(text: string | undefined): string | undefined {
  if (text === undefined || !/aws-chunked/i.test(text)) return text
  return text
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked')
    .join(', ')
}
