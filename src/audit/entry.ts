/**
 * What an audit log says of a request, and how its lines hang together. A line is JSON in ASCII; it names its place and the hash of the line before it, so
 * that a line which was changed, or taken away between others, shows. docs/formats/audit.md
 */
import { sha256HexOf } from '#crypto/digest'
import type { RequestEnded } from '#telemetry/telemetry'

/** A hash that no line has: nothing comes before the first. */
export const noHash = '0'.repeat(64)

/** What is logged: all requests, or what changes something beside objects and what is refused. */
export type AuditScope = 'changes' | 'all'

export interface AuditEntry {
  readonly ended: RequestEnded
  /** When it had, ms since 1970. */
  readonly at: number
}

/** Where a line stands. */
export interface Place {
  /** From 1, one after the other over all files. */
  readonly sequence: number
  /** Hash of the line before it. */
  readonly previous: string
}

/** Operations on the bytes of objects: what most requests are, and what access logs tell. */
const ofObjects: ReadonlySet<string> = new Set([
  'AbortMultipartUpload',
  'CompleteMultipartUpload',
  'CopyObject',
  'CreateMultipartUpload',
  'DeleteObject',
  'DeleteObjects',
  'DeleteObjectTagging',
  'PostObject',
  'PutObject',
  'PutObjectTagging',
  'RestoreObject',
  'UploadPart',
  'UploadPartCopy',
])

/** Pure. Who is sent away because of too many requests is not told of: a flood must not be one of lines. */
export function isAudited(
  {
    door,
    operation,
    method,
    status,
  }: Pick<RequestEnded, 'door' | 'operation' | 'method' | 'status'>,
  scope: AuditScope,
): boolean {
  if (scope === 'all') return true
  if (operation === 'GetWebsitePage') return false // browsers, who may ask for what they like
  if (status === 401 || status === 403) return true
  if (door === 'libraries' && /^(GET|HEAD|OPTIONS)$/.test(method)) return false
  return (
    !/^(GET |Get|Head|Health|List|Metrics|Preflight|Select|Simulate|Unknown|Version)/.test(
      operation,
    ) && !ofObjects.has(operation)
  )
}

/** `lost`: how many entries before it could not be written. */
export function printLine(
  { ended, at }: AuditEntry,
  { sequence, previous, lost }: Place & { readonly lost: number },
): string {
  const line = {
    sequence,
    at: new Date(at).toISOString(),
    door: ended.door,
    requestId: ended.requestId,
    operation: ended.operation,
    accessKeyId: ended.principal,
    principal: ended.caller,
    peer: ended.peer,
    bucket: ended.bucket,
    object: ended.object,
    subject: ended.subject,
    status: ended.status,
    fault: ended.faultCode,
    ...(lost === 0 ? {} : { lost }),
    previous,
  }
  return JSON.stringify(line).replace(/[^ -~]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

export function hashOf(line: string): string {
  return sha256HexOf(Buffer.from(line))
}

/** What `line` says of its place; `undefined` when it says nothing that can be understood. */
export function placeOf(line: string): Place | undefined {
  try {
    const { sequence, previous } = JSON.parse(line)
    return typeof sequence === 'number' && typeof previous === 'string'
      ? { sequence, previous }
      : undefined
  } catch {
    return undefined
  }
}
