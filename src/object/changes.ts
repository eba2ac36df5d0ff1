/** The changes that write the object tables, as they stand in the change log, and the rows they become. docs/formats/changes.md */
import { fromBase64url, toBase64url } from '#bytes/text'
import type { ChangeBody } from '#changelog/change'
import type {
  BucketConfig,
  Checksum,
  ChecksumAlgorithm,
  Encryption,
  ObjectMetadata,
  Quota,
  Traits,
  Versioning,
} from '#object/model'
import type { Origin } from '#object/origin'
import type { SqlRow } from '#sql/sql'
import type { ChunkJson, ExtentJson } from '#store/chunk-record'

export interface ChecksumJson {
  readonly algorithm: ChecksumAlgorithm
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
  readonly value: string
  readonly parts?: number
}
/** What whoever follows the bucket is told. Only in changes of buckets that somebody follows. */
export interface EventJson extends Origin {
  /** e.g. `ObjectCreated:Put` */
  readonly name: string
  /** What the change does not say by itself. */
  readonly versionId?: string
  readonly bytes?: number
  readonly etag?: string
  /** Where a version was moved to. */
  readonly storageClass?: string
}
/** The last is base64url, of the algorithm of the object's own checksum. */
export type PartJson = readonly [number: number, bytes: number, checksum?: string]

export type ObjectChange = ChangeBody &
  (
    | {
        readonly kind: 'object/bucket-created'
        readonly name: string
        readonly profile: string
        /** Canonical id; the root principal's when left out. */
        readonly owner?: string
      }
    | { readonly kind: 'object/bucket-deleted'; readonly bucket: number }
    | ({ readonly kind: 'object/put'; readonly upload?: string } & VersionJson & StoredJson)
    | {
        /** More of the recipe that `owner` began: only in snapshots. */
        readonly kind: 'object/extents'
        readonly owner: number
        readonly ordinal: number
        readonly extents: readonly ExtentJson[]
      }
    | {
        readonly kind: 'object/deleted'
        readonly bucket: number
        readonly key: string
        /** Of a bucket that keeps versions, or once did: a marker takes the current version's place. */
        readonly versioning?: Versioning
        readonly event?: EventJson
      }
    | {
        /** One version, or marker, by its sequence: for good. */
        readonly kind: 'object/version-removed'
        readonly bucket: number
        readonly key: string
        readonly version: number
        readonly event?: EventJson
      }
    | ({
        /** A version as it stands: only in snapshots, of those that `object/put` cannot make. */
        readonly kind: 'object/version'
        readonly upload?: string
        readonly isCurrent: boolean
        readonly isNull: boolean
        readonly isMarker: boolean
        readonly extents: readonly ExtentJson[]
      } & VersionJson)
    | {
        /** Of one version, by its sequence: all of them, as they are from now on. */
        readonly kind: 'object/traits-set'
        readonly bucket: number
        readonly key: string
        readonly version: number
        readonly traits: Traits
        readonly event?: EventJson
      }
    | ({
        /** One version's data, stored anew in another profile: what was its recipe is replaced. */
        readonly kind: 'object/moved'
        readonly bucket: number
        readonly key: string
        readonly version: number
        readonly traits: Traits
        readonly event?: EventJson
      } & StoredJson)
    | {
        /** `null` removes it. */
        readonly kind: 'object/bucket-configured'
        readonly bucket: number
        readonly name: keyof BucketConfig
        readonly value: unknown
        readonly event?: EventJson
      }
    | {
        /** Of all buckets of a principal, by its canonical id; `null` removes it. */
        readonly kind: 'object/owner-quota-set'
        readonly owner: string
        readonly quota: Quota | null
      }
    | {
        readonly kind: 'object/bucket-versioned'
        readonly bucket: number
        readonly versioning: Versioning
      }
    | {
        readonly kind: 'object/upload-created'
        readonly upload: string
        readonly bucket: number
        readonly key: string
        readonly metadata: ObjectMetadata
        readonly traits?: Traits
        readonly encryption?: Encryption
        readonly checksumAlgorithm?: ChecksumAlgorithm
        readonly checksumType?: 'FULL_OBJECT' | 'COMPOSITE'
      }
    | ({
        readonly kind: 'object/part-put'
        readonly upload: string
        readonly number: number
        readonly bytes: number
        readonly etag: string
        readonly checksum?: ChecksumJson
      } & StoredJson)
    | { readonly kind: 'object/upload-aborted'; readonly upload: string }
    | ({ readonly kind: 'object/upload-completed'; readonly upload: string } & VersionJson)
  )

export interface VersionJson {
  readonly bucket: number
  readonly key: string
  readonly bytes: number
  readonly etag: string
  readonly metadata: ObjectMetadata
  readonly checksum?: ChecksumJson
  readonly parts?: readonly PartJson[]
  /** Of a bucket that keeps versions, or once did: what the write takes the place of stays beside it. */
  readonly versioning?: Versioning
  readonly traits?: Traits
  readonly event?: EventJson
  readonly encryption?: Encryption
}

export interface StoredJson {
  /** Chunks that are new with this change. */
  readonly chunks: readonly ChunkJson[]
  readonly extents: readonly ExtentJson[]
}

export interface BucketRow extends SqlRow {
  readonly id: number
  readonly name: string
  readonly at: number
  readonly profile: string
  readonly owner: string | null
  readonly versioning: string | null
  /** 1 while somebody is to be told of its events. */
  readonly is_followed: number
}

export interface VersionRow extends FoundVersion {
  readonly bucket: number
  readonly key: Uint8Array
}

/** What there is to tell of a version whose bucket and key are known. */
export interface FoundVersion extends SqlRow {
  readonly sequence: number
  readonly at: number
  readonly bytes: number
  readonly etag: string
  readonly metadata: string
  readonly checksum: string | null
  readonly parts: string | null
  readonly upload: string | null
  /** 1 of what was written while the bucket kept no versions. */
  readonly is_null: number
  readonly traits: string | null
  readonly encryption: string | null
}

/** A version that is not the newest of its key, or a delete marker. */
export interface FormerRow extends VersionRow {
  /** The negative sequence: newest first. */
  readonly age: number
  readonly is_marker: number
}

export interface UploadRow extends SqlRow {
  readonly id: string
  readonly bucket: number
  readonly key: Uint8Array
  readonly sequence: number
  readonly at: number
  readonly metadata: string
  readonly traits: string | null
  readonly encryption: string | null
  readonly checksum_algorithm: string | null
  readonly checksum_type: string | null
}

export interface OwnerQuotaRow extends SqlRow {
  readonly owner: string
  readonly bytes: number | null
  readonly objects: number | null
  readonly sequence: number
  readonly at: number
}

export interface PartRow extends SqlRow {
  readonly upload: string
  readonly number: number
  readonly sequence: number
  readonly at: number
  readonly bytes: number
  readonly etag: string
  readonly checksum: string | null
}

export function checksumToJson(checksum: Checksum | undefined): ChecksumJson | undefined {
  return checksum && { ...checksum, value: toBase64url(checksum.value) }
}

export function checksumFromJson(json: ChecksumJson): Checksum {
  return { ...json, value: fromBase64url(json.value) }
}
