/** Everything about one version that another endpoint can be told: headers, metadata, tags, lock. */
import {
  type ChecksumAlgorithm,
  type ChecksumType,
  GetObjectTaggingCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3'
import { call } from '#s3/call'
import { type Endpoint, textOf } from '#s3/endpoint'
import { askHead, factsOf, type ObjectFacts, type ObjectName } from '#s3/head'
import { isAbsence, isUnknownThere } from '#s3/refusal'
import { inLanes } from '#stream/lanes'

/** A version of a key; without `version`, the current one. */
export interface VersionName extends ObjectName {
  readonly version?: string | undefined
}

/** In the SDK's words, as both reading and writing use them. */
export interface ContentHeaders {
  readonly CacheControl?: string
  readonly ContentDisposition?: string
  readonly ContentEncoding?: string
  readonly ContentLanguage?: string
  readonly ContentType?: string
  readonly Expires?: Date
  readonly WebsiteRedirectLocation?: string
}

/** The lock of a version that is to have it from the moment it is there. */
export interface LockHeaders {
  readonly ObjectLockMode?: 'GOVERNANCE' | 'COMPLIANCE'
  readonly ObjectLockRetainUntilDate?: Date
  readonly ObjectLockLegalHoldStatus?: 'ON'
}

/** A tag in the SDK's words, whole. */
export type VersionTag = { readonly Key: string; readonly Value: string }

export interface VersionLock {
  readonly retention:
    | { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly until: Date }
    | undefined
  readonly isHeld: boolean
}

/** Which checksum the endpoint keeps of a version, and whether it is of the whole or of its parts' checksums. */
export interface ChecksumPlan {
  readonly ChecksumAlgorithm: ChecksumAlgorithm
  readonly ChecksumType: ChecksumType
}

export interface VersionFacts extends ObjectFacts {
  readonly checksumPlan: ChecksumPlan | undefined
  readonly headers: ContentHeaders & LockHeaders
  readonly tags: readonly VersionTag[]
  readonly lock: VersionLock
  /** The target's own when left out. */
  readonly storageClass?: string | undefined
}

interface Signalled {
  readonly signal: AbortSignal
}

/** `endpoint/no-such-key` when the version is gone. */
export async function versionFacts(
  endpoint: Endpoint,
  name: VersionName,
  { signal }: Signalled,
): Promise<VersionFacts> {
  const input = { ...inputOf(name), ChecksumMode: 'ENABLED' } as const
  const head = await askHead(endpoint, name, input, { signal })
  return {
    ...factsOf(endpoint, head),
    metadata: Object.fromEntries(
      Object.entries(head.Metadata ?? {}).map(([metaName, text]) => [metaName, textOf(text)]),
    ),
    checksumPlan: checksumPlanOf(head),
    headers: headersOf(head),
    tags: await tagsOf(endpoint, name, { signal }),
    lock: lockOf(head),
  }
}

/** Bucket, key and version as the SDK calls them. */
export function inputOf({ bucket, key, version }: VersionName): {
  readonly Bucket: string
  readonly Key: string
  readonly VersionId?: string
} {
  return { Bucket: bucket, Key: key, ...(version === undefined ? {} : { VersionId: version }) }
}

function checksumPlanOf(head: HeadObjectCommandOutput): ChecksumPlan | undefined {
  const algorithm = (['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const).find(
    (one) => head[`Checksum${one}`] !== undefined,
  )
  if (algorithm === undefined) return undefined
  const text = head[`Checksum${algorithm}`] ?? ''
  // `…-3` marks a digest of digests for endpoints that do not name the type
  const type = head.ChecksumType ?? (text.includes('-') ? 'COMPOSITE' : 'FULL_OBJECT')
  return { ChecksumAlgorithm: algorithm, ChecksumType: type }
}

function headersOf(head: HeadObjectCommandOutput): ContentHeaders {
  const { ExpiresString = '' } = head
  const expires = new Date(ExpiresString) // a few write something else there, which no SDK can repeat
  const names = [
    'CacheControl',
    'ContentDisposition',
    'ContentEncoding',
    'ContentLanguage',
    'ContentType',
    'WebsiteRedirectLocation',
  ] as const
  const given = names.flatMap((name) => {
    const text = head[name]
    return text === undefined ? [] : [[name, textOf(text)]]
  })
  return {
    ...Object.fromEntries(given),
    ...(Number.isNaN(expires.getTime()) ? {} : { Expires: expires }),
  }
}

function lockOf(head: HeadObjectCommandOutput): VersionLock {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = head
  return {
    retention: mode === undefined || until === undefined ? undefined : { mode, until },
    isHeld: head.ObjectLockLegalHoldStatus === 'ON',
  }
}

async function tagsOf(
  endpoint: Endpoint,
  name: VersionName,
  { signal }: Signalled,
): Promise<readonly VersionTag[]> {
  try {
    const { TagSet = [] } = await call(
      endpoint,
      (client, sending) => client.send(new GetObjectTaggingCommand(inputOf(name)), sending),
      { detail: { bucket: name.bucket, key: name.key }, signal },
    )
    return TagSet.map(({ Key = '', Value = '' }) => ({ Key, Value }))
  } catch (error) {
    if (isAbsence(error) || isUnknownThere(error)) return []
    throw error
  }
}

/** Requests for the lengths of parts at a time. */
const headLanes = 8

/**
 * The lengths of the parts that a version was uploaded in, in order; `undefined` when it was not, or when the endpoint does not tell. Another upload
 * with the same parts has the same ETag.
 */
export async function partLengths(
  endpoint: Endpoint,
  name: VersionName,
  { bytes, etag }: Pick<ObjectFacts, 'bytes' | 'etag'>,
  { signal }: Signalled,
): Promise<readonly number[] | undefined> {
  const count = Number(/^[0-9a-f]{32}-(\d{1,5})$/.exec(etag)?.[1] ?? 0)
  if (count === 0) return undefined
  const lengths = new Array<number>(count).fill(0)
  await inLanes(lengths.keys(), headLanes, async (index) => {
    const input = { ...inputOf(name), PartNumber: index + 1 }
    const { ContentLength = 0 } = await askHead(endpoint, name, input, { signal })
    lengths[index] = ContentLength
  })
  const sum = lengths.reduce((total, length) => total + length, 0)
  return sum === bytes ? lengths : undefined
}
