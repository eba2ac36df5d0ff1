import { isValueHeader } from '#api/s3/checksums'
import type { S3DoorOptions } from '#api/s3/door-options'
import type { HttpRequest, HttpResponse } from '#http/message'
import type { QueryPair } from '#http/target'
import type { Caller } from '#identity/caller'
import { movedHeader } from '#identity/latin1'
import type { Owner } from '#identity/principal'
import type { Proof } from '#identity/proof'
import type { BucketFacts, BucketName, ObjectInfo, ObjectKey } from '#object/model'

/** One authenticated request, as operations see it. */
export interface Call {
  readonly door: S3DoorOptions
  readonly request: HttpRequest
  readonly proof: Proof
  /** Who asks; `undefined` for somebody unknown, who has what is given to everybody. */
  readonly caller: Caller | undefined
  /** First value of each parameter. */
  readonly query: ReadonlyMap<string, string>
  /** By lower-case name: the headers and, in a presigned URL, the `x-amz-*` parameters that stand for some. */
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** A bucket is named, which may not be there. */
export interface NameCall extends Call {
  readonly bucket: BucketName
  /** As stated with the bucket's name; empty: none. */
  readonly tenant?: string | undefined
}

/** The bucket is there, and the caller may do this with it, as far as that does not depend on the object. */
export interface BucketCall extends NameCall {
  readonly facts: BucketFacts
  /** The bucket's. */
  readonly owner: Owner
  readonly admission: Admission
}

/** What is still to be asked once more is known. */
export interface Admission {
  /** Whether `admit` must be asked before anything of the object is told or done. */
  readonly dependsOnObject: boolean
  /** `s3/access-denied` unless the caller may do this with the object. */
  admit(info: Pick<ObjectInfo, 'traits'>): void
  /** Whether the caller may do something else here; what depends on the object, nobody may without it. */
  may(
    other: { readonly action: string; readonly key?: ObjectKey },
    info?: Pick<ObjectInfo, 'traits'>,
  ): boolean
  /** Who may not know what there is, is not told that something is missing. */
  conceal(error: unknown): unknown
}

export interface ObjectCall extends BucketCall {
  readonly key: ObjectKey
}

export type Operation<C extends Call> = (call: C) => Promise<HttpResponse>

export function firstValues(query: readonly QueryPair[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const { name, value } of query) if (!values.has(name)) values.set(name, value)
  return values
}

/** Where a presigned URL may state these as well: whoever made it wants them kept. */
const conditionNames = new Set(['if-match', 'if-none-match'])

/**
 * SDKs move headers into the URLs they presign. A real header of `x-amz-` was signed as well, and wins; a real condition may not be, and loses.
 * What a URL says of a checksum does not count, as with S3: it was made before the body (SDKs state that of an empty one).
 */
export function effectiveHeaders(
  headers: HttpRequest['headers'],
  query: readonly QueryPair[],
  proof: Proof,
): Call['headers'] {
  if (proof.kind === 'anonymous' || proof.via === 'header') return headers
  const hoisted = query.map(movedHeader).filter(([name]) => isHoisted(name))
  if (hoisted.length === 0) return headers
  const conditions = hoisted.filter(([name]) => conditionNames.has(name))
  return { ...Object.fromEntries(hoisted), ...headers, ...Object.fromEntries(conditions) }
}

function isHoisted(name: string): boolean {
  if (isValueHeader(name) || name === 'x-amz-sdk-checksum-algorithm') return false
  return name.startsWith('x-amz-') || name === 'content-md5' || conditionNames.has(name)
}
