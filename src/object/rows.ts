/** Rows into the domain's words, and the look-ups that every operation begins with. */
import { strict as assert } from 'node:assert'
import { fromBase64url, toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import {
  type BucketRow,
  checksumFromJson,
  type FoundVersion,
  type ObjectChange,
  type PartJson,
  type PartRow,
  type UploadRow,
} from '#object/changes'
import { objectFault } from '#object/faults'
import type {
  BucketConfig,
  BucketInfo,
  BucketName,
  ChecksumAlgorithm,
  Encryption,
  ObjectInfo,
  ObjectKey,
  ObjectPart,
  PartInfo,
  Traits,
  UploadId,
  UploadInfo,
  VersionId,
  Versioning,
} from '#object/model'
import { parseObjectKey, toldVersionId, versionIdOf } from '#object/names'
import type { Queryable } from '#sql/sql'
import type { StoreChange } from '#store/tables'

export function keyBytes(key: string): Uint8Array {
  return Buffer.from(key, 'utf8')
}

export function keyText(key: Uint8Array): ObjectKey {
  return parseObjectKey(Buffer.from(key.buffer, key.byteOffset, key.length).toString('utf8'))
}

export async function findBucket(tx: Queryable, name: BucketName): Promise<BucketRow | undefined> {
  const [row] = await tx.query<BucketRow>`select * from bucket where name = ${name}`
  return row
}

/** Of a change that is being applied: it is there. */
export async function findBucketById(tx: Queryable, id: number): Promise<BucketRow> {
  const [row] = await tx.query<BucketRow>`select * from bucket where id = ${id}`
  assert(row !== undefined)
  return row
}

export async function requireBucket(tx: Queryable, name: BucketName): Promise<BucketRow> {
  const row = await findBucket(tx, name)
  if (row === undefined) throw objectFault('object/no-such-bucket', { bucket: name })
  return row
}

/** By name. */
export async function readConfig(tx: Queryable, bucket: number): Promise<BucketConfig> {
  const rows = await tx.query<{ name: string; value: string }>`
    select name, value from bucket_config where bucket = ${bucket} order by name`
  return Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(value)])) // put there by us
}

/** One of its settings alone: what every write asks for need not read the others. */
export async function readSetting<Name extends keyof BucketConfig>(
  tx: Queryable,
  bucket: number,
  name: Name,
): Promise<BucketConfig[Name]> {
  const [row] = await tx.query<{ value: string }>`
    select value from bucket_config where bucket = ${bucket} and name = ${name}`
  return row && JSON.parse(row.value) // put there by us
}

export function traitsOf({ traits }: { readonly traits: string | null }): Traits {
  return traits === null ? {} : JSON.parse(traits) // put there by us
}

/** S3's name for a bucket's own profile. */
export const standardClass = 'STANDARD'

export function classOf({ storageClass = standardClass }: Traits): string {
  return storageClass
}

export function withClass(
  { storageClass: former, ...traits }: Traits,
  storageClass: string,
): Traits {
  return storageClass === standardClass ? traits : { ...traits, storageClass }
}

export function encryptionOf({ encryption }: { readonly encryption: string | null }): {
  readonly encryption?: Encryption
} {
  return encryption === null ? {} : { encryption: JSON.parse(encryption) } // put there by us
}

export function partToJson({ number, bytes, checksum }: ObjectPart): PartJson {
  return checksum === undefined ? [number, bytes] : [number, bytes, toBase64url(checksum)]
}

function partFromJson([number, bytes, checksum]: PartJson): ObjectPart {
  return { number, bytes, ...(checksum === undefined ? {} : { checksum: fromBase64url(checksum) }) }
}

export function versioningOf({ versioning }: Pick<BucketRow, 'versioning'>): {
  readonly versioning?: Versioning
} {
  return versioning === null ? {} : { versioning: versioning as Versioning } // put there by us
}

/** For the change of a write into the bucket. */
export function versioned({ versioning }: { readonly versioning?: Versioning }): {
  readonly versioning?: Versioning
} {
  return versioning === undefined ? {} : { versioning }
}

/** For the answer to such a write: only a version that stays has a name worth telling (S3). */
export function writtenVersionId(
  sequence: bigint,
  { versioning }: { readonly versioning?: Versioning },
): { readonly versionId?: VersionId } {
  return versioning === 'enabled' ? { versionId: versionIdOf({ sequence, is_null: 0 }) } : {}
}

/** What every write of an object must know of its bucket. */
export interface FoundBucket {
  readonly bucket: number
  readonly profile: string
  readonly versioning?: Versioning
  /** Somebody is to be told of the bucket's events. */
  readonly isFollowed: boolean
  /** The bucket has a quota, or its owner. */
  readonly isLimited: boolean
}

/** With the version that its key has, of one moment. */
export interface Found extends FoundBucket {
  readonly version: FoundVersion | undefined
}

/** Changes that leave as they are what `FoundBucket` tells, of any bucket. */
const ofObjectsAlone: ReadonlySet<string> = new Set([
  'object/put',
  'object/deleted',
  'object/part-put',
  'object/upload-created',
  'object/upload-completed',
  'store/chunk',
] satisfies readonly (ObjectChange | StoreChange)['kind'][])

/** For a write that need not know what its key has: once for all that are decided together. `object/no-such-bucket` */
export async function findBucketOfWrite(
  tx: CommitTransaction,
  name: BucketName,
): Promise<FoundBucket> {
  const read = async (): Promise<FoundBucket> => {
    const [row] = await tx.query<JoinedRow>`
      select bucket.id as bucket_id, bucket.profile, bucket.versioning, bucket.is_followed,
        (bucket.quota_bytes is not null or bucket.quota_objects is not null or owner_quota.owner is not null) as is_limited
      from bucket left join owner_quota on owner_quota.owner = bucket.owner where bucket.name = ${name}`
    return foundBucket(row, name)
  }
  return await tx.once(`bucket ${name}`, read, ofObjectsAlone)
}

/** Both in one query: this is what every read and every write of an object asks. `object/no-such-bucket` */
export async function findIn(tx: Queryable, name: BucketName, key: ObjectKey): Promise<Found> {
  const [row] = await tx.query<FoundRow>`
    select bucket.id as bucket_id, bucket.profile, bucket.versioning, bucket.is_followed,
      (bucket.quota_bytes is not null or bucket.quota_objects is not null or owner_quota.owner is not null) as is_limited, version.is_null, version.traits, version.encryption, version.sequence, version.at, version.bytes, version.etag,
      version.metadata, version.checksum, version.parts, version.upload from bucket
      left join version on version.bucket = bucket.id and version.key = ${keyBytes(key)}
      left join owner_quota on owner_quota.owner = bucket.owner
    where bucket.name = ${name}`
  const found = foundBucket(row, name)
  return { ...found, version: row !== undefined && isVersion(row) ? row : undefined }
}

function foundBucket(row: JoinedRow | undefined, name: BucketName): FoundBucket {
  if (row === undefined) throw objectFault('object/no-such-bucket', { bucket: name })
  const { bucket_id: bucket, profile } = row
  const isFollowed = row.is_followed === 1
  const isLimited = row.is_limited === 1
  return { bucket, profile, ...versioningOf(row), isFollowed, isLimited }
}

type JoinedRow = {
  readonly bucket_id: number
  readonly profile: string
  readonly versioning: string | null
  readonly is_followed: number
  readonly is_limited: number
}
type FoundRow = JoinedRow & (FoundVersion | { readonly [Column in keyof FoundVersion]: null })

function isVersion(row: FoundRow): row is JoinedRow & FoundVersion {
  return row.sequence !== null
}

export function bucketInfo({ name, at, profile, owner, versioning }: BucketRow): BucketInfo {
  return {
    name: name as BucketName, // only valid names are created
    createdAt: at,
    profile,
    ...(owner === null ? {} : { owner }),
    ...versioningOf({ versioning }),
  }
}

export function objectInfo(
  {
    bucket,
    key,
    versioning,
  }: {
    readonly bucket: BucketName
    readonly key: ObjectKey
    readonly versioning?: Versioning | undefined
  },
  row: FoundVersion,
): ObjectInfo {
  const parts: readonly PartJson[] | undefined =
    row.parts === null ? undefined : JSON.parse(row.parts)
  return {
    bucket,
    key,
    sequence: BigInt(row.sequence),
    bytes: row.bytes,
    etag: row.etag,
    modifiedAt: row.at,
    metadata: JSON.parse(row.metadata),
    ...(row.checksum === null ? {} : { checksum: checksumFromJson(JSON.parse(row.checksum)) }),
    ...(parts === undefined ? {} : { parts: parts.map(partFromJson) }),
    ...toldVersionId(row, versioning),
    traits: traitsOf(row),
    ...encryptionOf(row),
  }
}

export function uploadInfo(bucket: BucketName, row: UploadRow): UploadInfo {
  return {
    bucket,
    key: keyText(row.key),
    uploadId: row.id as UploadId, // made by us
    startedAt: row.at,
    metadata: JSON.parse(row.metadata),
    traits: traitsOf(row),
    ...encryptionOf(row),
    ...(row.checksum_algorithm === null
      ? {}
      : { checksumAlgorithm: row.checksum_algorithm as ChecksumAlgorithm }), // put there by us
    ...(row.checksum_type === null
      ? {}
      : { checksumType: row.checksum_type as 'FULL_OBJECT' | 'COMPOSITE' }), // put there by us
  }
}

export function partInfo(row: PartRow): PartInfo {
  return {
    number: row.number,
    bytes: row.bytes,
    etag: row.etag,
    modifiedAt: row.at,
    ...(row.checksum === null ? {} : { checksum: checksumFromJson(JSON.parse(row.checksum)) }),
  }
}
