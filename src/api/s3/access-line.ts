/**
 * A request as a line of a bucket's access log. Pure.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 */
import { hostId } from '#api/s3/error-response'
import type { HttpHeaders, HttpResponse } from '#http/message'
import { plainAddress } from '#http/peer'

export interface Accessed {
  readonly bucket: string
  /** Canonical ids; nobody is known of who proved nothing. */
  readonly owner: string
  readonly requester: string | undefined
  /** When it came, ms since 1970. */
  readonly at: number
  readonly peer: string
  readonly requestId: string
  /** S3's, e.g. `PutObject`. */
  readonly operation: string
  readonly key: string | undefined
  readonly method: string
  readonly target: string
  readonly headers: HttpHeaders
  readonly response: Pick<HttpResponse, 'status' | 'headers'>
  readonly errorCode: string | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  readonly totalMs: number
  /** Until the answer began. */
  readonly turnAroundMs: number
}

/** Without a line end. What is not known, or does not apply, is `-`. No signature is in it. */
export function accessLine(accessed: Accessed): string {
  const { headers, response, requester, bytesOut } = accessed
  const [signature, authentication] = requester === undefined ? ['-', '-'] : proofOf(accessed)
  return [
    accessed.owner,
    accessed.bucket,
    `[${clf(accessed.at)}]`,
    accessed.peer === '' ? '-' : plainAddress(accessed.peer),
    requester ?? '-',
    accessed.requestId,
    operationName(accessed.operation, accessed.method),
    keyField(accessed.key),
    quoted(`${accessed.method} ${withoutProof(accessed.target)} HTTP/1.1`),
    response.status,
    accessed.errorCode ?? '-',
    bytesOut === 0 ? '-' : bytesOut,
    objectBytes(accessed) ?? '-',
    Math.round(accessed.totalMs),
    Math.round(accessed.turnAroundMs),
    quoted(withoutProof(headers['referer'] ?? '-')),
    quoted(headers['user-agent'] ?? '-'),
    response.headers['x-amz-version-id'] ?? '-',
    hostId,
    signature,
    '-', // the cipher suite
    authentication,
    word(headers['host']),
    '-', // the version of TLS
    '-', // the access point
    '-', // whether an ACL was needed
  ].join(' ')
}

function keyField(key = ''): string {
  return key === '' ? '-' : encodeURIComponent(key).replaceAll('%2F', '/')
}

/** `06/Feb/2019:00:00:38 +0000` */
function clf(at: number): string {
  const [, day, month, year, time] = new Date(at).toUTCString().split(' ')
  return `${day}/${month}/${year}:${time} +0000`
}

/** Which signature, and where it stood. */
function proofOf({ headers, target }: Accessed): readonly [string, string] {
  if (headers['authorization'] !== undefined) return ['SigV4', 'AuthHeader']
  if (/[?&]X-Amz-Signature=/i.test(target)) return ['SigV4', 'QueryString']
  return /[?&]Signature=/.test(target) ? ['SigV2', 'QueryString'] : ['-', '-']
}

/** What a query may have that nobody else may know: a presigned URL that is still good, and headers that were moved into one. */
const secretParameters: ReadonlySet<string> = new Set([
  'signature',
  'x-amz-copy-source-server-side-encryption-customer-key',
  'x-amz-security-token',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-signature',
])

function withoutProof(url: string): string {
  return url.replace(/([?&])([^=&?]*)=[^&]*/g, (parameter, mark: string, name: string) =>
    secretParameters.has(asRead(name)) ? `${mark}${name}=-` : parameter,
  )
}

/** Decoded as far as letters go; what else is wrong with it does not matter here. */
function asRead(name: string): string {
  const decoded = name.replace(/%([\da-f]{2})/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return decoded.toLowerCase()
}

/** Nothing that a client sends can end its field or its line. */
function quoted(text: string): string {
  return `"${text.replace(/[^ !#-~]/g, escaped)}"`
}

function word(text: string | undefined): string {
  if (text === undefined || text === '') return '-'
  return text.replace(/[^!#-~]/g, escaped)
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

function objectBytes({ operation, headers, response, bytesIn }: Accessed): number | undefined {
  if (response.status >= 300) return undefined
  switch (operation) {
    case 'GetObject':
    case 'HeadObject':
    case 'GetWebsitePage': {
      const whole = /\/(\d+)$/.exec(String(response.headers['content-range'] ?? ''))?.[1]
      return Number(whole ?? response.headers['content-length'] ?? 0)
    }
    case 'PutObject':
    case 'UploadPart':
      return Number(headers['x-amz-decoded-content-length'] ?? headers['content-length'] ?? bytesIn)
    default:
      return undefined
  }
}

/** Where S3's log has another name for what is done than for the operation. */
const named: Readonly<Record<string, string>> = {
  AbortMultipartUpload: 'REST.DELETE.UPLOAD',
  CompleteMultipartUpload: 'REST.POST.UPLOAD',
  CopyObject: 'REST.COPY.OBJECT',
  CreateBucket: 'REST.PUT.BUCKET',
  CreateMultipartUpload: 'REST.POST.UPLOADS',
  DeleteObjects: 'REST.POST.MULTI_OBJECT_DELETE',
  GetWebsitePage: 'WEBSITE.GET.OBJECT',
  ListMultipartUploads: 'REST.GET.UPLOADS',
  ListObjectVersions: 'REST.GET.BUCKETVERSIONS',
  ListObjects: 'REST.GET.BUCKET',
  ListObjectsV2: 'REST.GET.BUCKET',
  ListParts: 'REST.GET.UPLOAD',
  PostObject: 'REST.POST.OBJECT',
  Preflight: 'REST.OPTIONS.PREFLIGHT',
  UploadPart: 'REST.PUT.PART',
  UploadPartCopy: 'REST.COPY.PART',
}

const things: Readonly<Record<string, string>> = {
  BucketAcl: 'ACL',
  BucketLogging: 'LOGGING_STATUS',
  BucketPolicy: 'BUCKETPOLICY',
  ObjectAcl: 'ACL',
  ObjectLegalHold: 'LEGAL_HOLD',
  ObjectRetention: 'RETENTION',
}

function operationName(operation: string, method: string): string {
  const known = Object.hasOwn(named, operation) ? named[operation] : undefined
  if (known !== undefined) return known
  const thing = operation.replace(/^(Get|Put|Delete|Head|List)/, '')
  const own = Object.hasOwn(things, thing) ? things[thing] : undefined
  const plain = thing.replace(/^Bucket(?=.)/, '').replace(/(?<=[a-z])(?=[A-Z])/g, '_')
  return `REST.${method}.${own ?? plain.toUpperCase()}`
}
