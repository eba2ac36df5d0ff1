/** What a request says of its signer, read but not yet believed. */
import type { HttpHeaders } from '#http/message'
import type { QueryPair } from '#http/target'
import { identityFault } from '#identity/faults'
import { emptySha256, unsignedPayload } from '#identity/payload'
import type { Scope } from '#identity/signing-keys'

export interface Claim {
  readonly via: 'header' | 'query'
  readonly scope: Scope
  /** `YYYYMMDDTHHMMSSZ`, as in the string to sign. */
  readonly timestamp: string
  readonly timeMs: number
  readonly expiresSeconds: number | undefined
  readonly signedHeaders: readonly string[]
  readonly signature: string
  readonly contentHash: string
  readonly token: string | undefined
}

export const algorithm = 'AWS4-HMAC-SHA256'
/** Seven days, S3's longest life of a presigned URL. */
const expiresSecondsMax = 604_800

/** Reads `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`. `bodySha256` is of a body that was read beforehand. */
export function readHeaderClaim(
  authorization: string,
  headers: HttpHeaders,
  bodySha256?: string,
): Claim {
  return {
    via: 'header',
    ...readAuthorization(authorization),
    ...readHeaderTime(headers),
    expiresSeconds: undefined,
    contentHash: bodySha256 ?? headerContentHash(headers),
    token: headers['x-amz-security-token'],
  }
}

type Authorization = Pick<Claim, 'scope' | 'signedHeaders' | 'signature'>

/**
 * What stands before the signature, by its text: a client repeats it all day, and reading it takes as long as the hashes of a request. Of each a few
 * hundred bytes.
 */
const read = new Map<string, Omit<Authorization, 'signature'>>()
const readMax = 1024
const readLengthMax = 1024
const beforeSignature = /^(.*,\s*)Signature=([0-9a-f]{64})$/

function readAuthorization(authorization: string): Authorization {
  const [, before, signature] = beforeSignature.exec(authorization) ?? []
  if (before === undefined || signature === undefined || before.length > readLengthMax)
    return parseAuthorization(authorization)
  const known = read.get(before)
  if (known !== undefined) return { ...known, signature }
  const { scope, signedHeaders } = parseAuthorization(authorization)
  if (read.size >= readMax) read.clear()
  read.set(before, { scope, signedHeaders })
  return { scope, signedHeaders, signature }
}

function parseAuthorization(authorization: string): Authorization {
  const malformed = (reason: string): Error =>
    identityFault('identity/malformed-authorization', { reason })
  const fields = new Map(
    authorization
      .slice(algorithm.length)
      .split(',')
      .map((field): [string, string] => {
        const equals = field.indexOf('=')
        if (equals < 0) throw malformed('expected name=value')
        return [field.slice(0, equals).trim(), field.slice(equals + 1).trim()]
      }),
  )
  const field = (name: string): string => {
    const value = fields.get(name)
    if (value === undefined || value === '') throw malformed(`missing ${name}`)
    return value
  }
  return {
    ...readCredential(field('Credential'), malformed),
    signedHeaders: field('SignedHeaders').toLowerCase().split(';'),
    signature: field('Signature'),
  }
}

/** Reads the `X-Amz-*` parameters of a presigned URL. */
export function readQueryClaim(query: readonly QueryPair[], headers: HttpHeaders): Claim {
  const malformed = (reason: string): Error =>
    identityFault('identity/malformed-query-authorization', { reason })
  const find = (name: string): string | undefined => query.find((pair) => pair.name === name)?.value
  const field = (name: string): string => {
    const value = find(name)
    if (value === undefined || value === '') throw malformed(`missing ${name}`)
    return value
  }
  if (field('X-Amz-Algorithm') !== algorithm) throw malformed(`algorithm must be ${algorithm}`)
  const timestamp = field('X-Amz-Date')
  const timeMs = parseTimestamp(timestamp)
  if (timeMs === undefined) throw malformed('X-Amz-Date must be YYYYMMDDTHHMMSSZ')
  const signedHeaders = field('X-Amz-SignedHeaders').toLowerCase().split(';')
  const signedHash = signedHeaders.includes('x-amz-content-sha256')
    ? headers['x-amz-content-sha256']
    : undefined
  return {
    via: 'query',
    ...readCredential(field('X-Amz-Credential'), malformed),
    timestamp,
    timeMs,
    expiresSeconds: readExpires(field('X-Amz-Expires'), malformed),
    signedHeaders,
    signature: field('X-Amz-Signature'),
    contentHash: find('X-Amz-Content-Sha256') ?? signedHash ?? unsignedPayload,
    token: find('X-Amz-Security-Token') ?? headers['x-amz-security-token'],
  }
}

/** `KEY/YYYYMMDD/REGION/SERVICE/aws4_request`, as every way to sign states it. */
export function readCredential(
  text: string,
  malformed: (reason: string) => Error,
): { readonly scope: Scope } {
  // A key id may itself hold slashes: the four parts of the scope count from the end.
  const parts = text.split('/')
  const [day = '', region = '', service = '', end] = parts.slice(-4)
  const accessKeyId = parts.slice(0, -4).join('/')
  if (accessKeyId === '' || end !== 'aws4_request' || !/^\d{8}$/.test(day)) {
    throw malformed('Credential must be KEY/YYYYMMDD/REGION/SERVICE/aws4_request')
  }
  return { scope: { accessKeyId, day, region, service } }
}

function readExpires(text: string, malformed: (reason: string) => Error): number {
  if (!/^-?\d{1,15}$/.test(text)) throw malformed('X-Amz-Expires must be a number')
  const seconds = Number(text)
  if (seconds < 1 || seconds > expiresSecondsMax) {
    throw identityFault('identity/expiry-out-of-range', { secondsMax: expiresSecondsMax })
  }
  return seconds
}

function readHeaderTime(headers: HttpHeaders): {
  readonly timestamp: string
  readonly timeMs: number
} {
  const amzDate = headers['x-amz-date']
  if (amzDate !== undefined) {
    const timeMs = parseTimestamp(amzDate)
    if (timeMs === undefined) throw identityFault('identity/missing-date')
    return { timestamp: amzDate, timeMs }
  }
  const timeMs = Date.parse(headers['date'] ?? '')
  if (!Number.isFinite(timeMs)) throw identityFault('identity/missing-date')
  return { timestamp: printTimestamp(timeMs), timeMs }
}

/** `YYYYMMDDTHHMMSSZ` */
export function printTimestamp(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

/** Milliseconds of `YYYYMMDDTHHMMSSZ`; `undefined` for text that is no time. */
export function parseTimestamp(text: string): number | undefined {
  const parts = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second] = parts
  const timeMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isFinite(timeMs) ? timeMs : undefined
}

/** A plain SigV4 signer leaves the header out; without a body there is only one hash it can have meant. */
function headerContentHash(headers: HttpHeaders): string {
  const given = headers['x-amz-content-sha256']
  if (given !== undefined) return given
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  if (hasBody) throw identityFault('identity/missing-content-hash')
  return emptySha256
}
