/** The words of the object domain: what doors pass in and get back. No I/O here. */
import type { Branded } from '#bytes/brand'
import type { DigestAlgorithm } from '#crypto/digest'
import type { LifecycleRule } from '#object/lifecycle-rules'
import type { Origin } from '#object/origin'
import type { Website } from '#object/website'
import type { AccessLogTarget } from '#telemetry/telemetry'

export type BucketName = Branded<string, 'BucketName'>
/** 1 to 1,024 bytes of UTF-8, otherwise free. */
export type ObjectKey = Branded<string, 'ObjectKey'>
export type UploadId = Branded<string, 'UploadId'>
/** Of one key; `null` of what was written while its bucket kept no versions. */
export type VersionId = Branded<string, 'VersionId'>
/** Whether a bucket keeps versions, or did and keeps those. A bucket that never did has none. */
export type Versioning = 'enabled' | 'suspended'

export type { DigestAlgorithm }

/** Raw digest bytes; doors encode them. CRCs are big-endian. */
export type Digests = Readonly<Partial<Record<DigestAlgorithm, Uint8Array>>>

export type ChecksumAlgorithm = DigestAlgorithm
/** What S3 calls the object's additional checksum. `parts` is set for COMPOSITE ones: their number. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
  readonly value: Uint8Array
  readonly parts?: number
}

/** Headers an object carries for its readers, as given; the store attaches no meaning to any of them. */
export interface ObjectMetadata {
  readonly contentType?: string
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  readonly expires?: string
  readonly websiteRedirectLocation?: string
  /** `x-amz-meta-*` without the prefix, lower-case names; at most 2 KiB in all (the door checks). */
  readonly user: Readonly<Record<string, string>>
}

/** Names and texts that a named key is used with, in clear: under another context it does not open. */
export type EncryptionContext = Readonly<Record<string, string>>

/** Under whose key a version rests beside the store's own; nobody has said anything when left out, and it rests as under `AES256`. */
export type Encryption =
  | { readonly kind: 'AES256' }
  | {
      readonly kind: 'aws:kms'
      readonly keyId: string
      /** Of the key's material; counts from 1. */
      readonly version: number
      readonly context?: EncryptionContext
      /** Only said: here no request goes to a key service anyway. */
      readonly usesBucketKey?: true
    }
  | {
      readonly kind: 'customer'
      /** Both base64url: 16 random bytes, and what the key gives with them. */
      readonly salt: string
      readonly check: string
    }

/** What somebody asks a version to rest under. */
export type EncryptionWish =
  | { readonly kind: 'AES256' }
  | {
      readonly kind: 'aws:kms'
      /** The default key when left out. */
      readonly keyId?: string
      readonly context?: EncryptionContext
      readonly usesBucketKey?: true
    }
  /** 32 bytes, which are never kept. */
  | { readonly kind: 'customer'; readonly key: Uint8Array }

/** An incoming body. The store pulls; it computes every digest named; `verify` runs before anything becomes visible. */
export interface IncomingBody {
  /** Each piece is the consumer's only until it pulls the next. */
  readonly stream: AsyncIterable<Uint8Array>
  /** The decoded length when the client has stated it; a stream of another length is `object/incomplete-body`. */
  readonly bytes?: number
  /** `md5` is always computed as well, for the ETag. */
  readonly digests: readonly DigestAlgorithm[]
  /** Called once after the last byte with all digests; throws to refuse the body (nothing is stored). Returns the checksum to keep. */
  verify(digests: Digests): Checksum | undefined | Promise<Checksum | undefined>
  /** The client sends it whatever it is told: nothing is gained by asking for it late. */
  readonly isComing?: boolean
  /** All of `stream`, where somebody has received and hashed it already (MD5 and `digests`). */
  readonly whole?: { readonly bytes: Uint8Array; readonly digests: Digests }
}

/** ETags without quotes; `*` matches any existing object. All stated conditions must hold. Checked inside the commit. */
export interface WriteCondition {
  readonly ifMatch?: readonly string[] | '*'
  readonly ifNoneMatch?: readonly string[] | '*'
}

/** In the order given; keys do not repeat. */
export type Tags = readonly (readonly [key: string, value: string])[]

export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE'
/** Until then (ms since 1970) the version stays; GOVERNANCE may be bypassed by who may, COMPLIANCE by nobody. */
export interface Retention {
  readonly mode: RetentionMode
  readonly until: number
}

/** What may be changed of a version without writing it anew. */
export interface Traits {
  /** Canonical id; the bucket's owner when left out. */
  readonly owner?: string
  /** Who was granted what; nobody but the owner when left out. JSON whose meaning is the doors'. */
  readonly grants?: unknown
  readonly tags?: Tags
  readonly retention?: Retention
  /** The version stays for as long as this is set, retention or not. */
  readonly legalHold?: boolean
  /** Which profile its data has, by name; the bucket's (`STANDARD`) when left out. */
  readonly storageClass?: string
  readonly replication?: ReplicationStatus
}

/** Whether all copies that rules ask for are made; `REPLICA` of one that is a copy itself. */
export type ReplicationStatus = 'PENDING' | 'COMPLETED' | 'FAILED' | 'REPLICA'

/** What is given replaces what was there; a retention of `undefined` takes it away. */
export interface TraitChanges extends Omit<Traits, 'retention'> {
  readonly retention?: Retention | undefined
}

/** Objects of the bucket may be locked; new ones are, for a time, where a default says so. */
export interface LockSettings {
  readonly mode?: RetentionMode
  readonly days?: number
  readonly years?: number
}

export interface CorsRule {
  readonly id?: string
  /** Each with at most one `*`. */
  readonly origins: readonly string[]
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  readonly exposed: readonly string[]
  readonly maxAgeSeconds?: number
}

/** What is left out is not limited. */
export interface Quota {
  readonly bytes?: number
  readonly objects?: number
}

/** All versions that are no delete markers, and the bytes of these and of the parts of open uploads. */
export interface Usage {
  readonly bytes: number
  readonly objects: number
}

export interface BucketUsage extends Usage {
  readonly bucket: BucketName
  /** Canonical id; the root principal's when left out. */
  readonly owner?: string
  readonly quota?: Quota
}

/** Of all buckets that somebody owns, together. */
export interface OwnerUsage extends Usage {
  readonly quota?: Quota
}

/** Settings of a bucket, each set, read and removed as a whole. */
export interface BucketConfig {
  /** Who was granted what; nobody but the owner when left out. JSON whose meaning is the doors'. */
  readonly grants?: unknown
  readonly ownership?: string
  /** A policy document, as it was given. */
  readonly policy?: string
  /** Where its maker said it is: a name and no more. */
  readonly location?: string
  readonly publicAccess?: unknown
  readonly tags?: Tags
  readonly lock?: LockSettings
  readonly cors?: readonly CorsRule[]
  readonly logging?: AccessLogTarget
  /** Who pays for requests; the owner when left out. A word for clients: nobody is billed. */
  readonly payer?: 'Requester'
  readonly quota?: Quota
  /** What new objects rest under when their writer says nothing. */
  readonly encryption?: Exclude<EncryptionWish, { kind: 'customer' }>
  readonly website?: Website
  readonly lifecycle?: readonly LifecycleRule[]
  /** Who is told of which events. JSON whose meaning is `delivery`'s. */
  readonly notification?: unknown
  /** What is copied where. JSON whose meaning is `delivery`'s. */
  readonly replication?: unknown
}

export interface BucketInfo {
  readonly name: BucketName
  readonly createdAt: number
  /** e.g. `10+4` */
  readonly profile: string
  /** Canonical id; the root principal's when left out. */
  readonly owner?: string
  readonly versioning?: Versioning
}

export interface BucketFacts extends BucketInfo {
  readonly config: BucketConfig
}

export interface NewBucket {
  /** The store's default profile when left out. */
  readonly profile?: string
  readonly owner?: string
  /** Most buckets that `owner` may have, this one included. */
  readonly ownedMax?: number
  /** It keeps versions, and objects in it may be locked. */
  readonly isLockable?: boolean
  readonly config?: Omit<BucketConfig, 'lock'>
}

export interface ObjectPart {
  readonly number: number
  readonly bytes: number
  /** Raw digest bytes, of the algorithm of the object's own checksum. */
  readonly checksum?: Uint8Array
}

export interface ObjectInfo {
  readonly bucket: BucketName
  readonly key: ObjectKey
  /** Place in the store's one total order; grows with every change. */
  readonly sequence: bigint
  readonly bytes: number
  /** MD5 hex for plain puts, `<md5 of md5s>-<parts>` for multipart. No quotes. */
  readonly etag: string
  readonly modifiedAt: number
  readonly metadata: ObjectMetadata
  readonly checksum?: Checksum
  /** Multipart objects only, in order. */
  readonly parts?: readonly ObjectPart[]
  /** In buckets that keep versions, or once did. */
  readonly versionId?: VersionId
  readonly traits: Traits
  readonly encryption?: Encryption
}

export interface CopiedObject extends ObjectInfo {
  /** Of a source in a bucket that keeps versions, or once did. */
  readonly sourceVersionId?: VersionId
}

/** What a delete has left. */
export interface Deletion {
  /** Of the version that was removed, or of the marker that was made. */
  readonly versionId?: VersionId
  /** A marker was made, or a marker was removed. */
  readonly isMarker: boolean
}

/** All that is stated must be so of the version that is deleted. What is not there meets every condition. */
export interface DeleteCondition {
  readonly ifMatch?: readonly string[] | '*'
  readonly bytes?: number
  /** Milliseconds; whole seconds count. */
  readonly modifiedAt?: number
}

/** What to delete: the current version, or a named one. */
export interface DeleteOptions {
  readonly version?: VersionId
  /** Whoever asks may remove what is only governed. */
  readonly bypassesGovernance?: boolean
  readonly condition?: DeleteCondition
  readonly origin?: Origin
}

/** Of a list of versions: an object, or where one was deleted. */
export interface VersionEntry {
  readonly key: ObjectKey
  readonly versionId: VersionId
  readonly isLatest: boolean
  readonly modifiedAt: number
  /** `undefined` of a delete marker. */
  readonly info: ObjectInfo | undefined
}

export interface VersionQuery {
  readonly prefix: string
  readonly delimiter?: string
  /** Exclusive: all versions of it, or those up to and with `afterVersion`. */
  readonly afterKey?: string
  readonly afterVersion?: VersionId
  readonly limit: number
}

export interface VersionPage {
  /** Keys in bytewise order, newest versions first. */
  readonly versions: readonly VersionEntry[]
  readonly commonPrefixes: readonly string[]
  /** Set when there is more: pass as `afterKey` and `afterVersion`. */
  readonly next?: { readonly key: string; readonly version?: VersionId }
}

export interface ByteRange {
  readonly first: number
  /** Inclusive. */
  readonly last: number
}

/** Objects up to this size are handed over in one piece; larger ones as they are pulled. */
export const wholeBytesMax = 64 * 1024

export interface OpenedObject {
  readonly info: ObjectInfo
  /**
   * Verified plaintext of the range asked for. A piece belongs to the consumer only until the next pull. The stream throws
   * `object/unreadable` rather than yield a wrong byte. Return or throw into it to stop early.
   */
  read(
    range: ByteRange | undefined,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<Uint8Array>
  /** The same in groups of pieces that lie in memory together; all of a group belong to the consumer until the next pull. */
  readGroups(
    range: ByteRange | undefined,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<readonly Uint8Array[]>
  /** All of it, verified, in memory of its own: for objects of up to `wholeBytesMax`. Faults as `read`. */
  readWhole(options: { readonly signal: AbortSignal }): Promise<Uint8Array>
  /** Tells the store this snapshot of the object is no longer read (its chunks may be collected). Idempotent. */
  release(): void
}

export interface ListQuery {
  readonly prefix: string
  readonly delimiter?: string
  /** Exclusive, compared bytewise on UTF-8; may be a common prefix, which then is not repeated. */
  readonly after?: string
  /** Keys and common prefixes together, 0 to 1,000. */
  readonly limit: number
}

export interface ListPage {
  readonly objects: readonly ObjectInfo[]
  readonly commonPrefixes: readonly string[]
  /** Set when there is more: pass as `after`. The last key or common prefix of this page. */
  readonly next?: string
}

export interface UploadInfo {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly uploadId: UploadId
  readonly startedAt: number
  readonly metadata: ObjectMetadata
  readonly traits: Traits
  readonly encryption?: Encryption
  readonly checksumAlgorithm?: ChecksumAlgorithm
  readonly checksumType?: 'FULL_OBJECT' | 'COMPOSITE'
}

export interface PartInfo {
  readonly number: number
  readonly bytes: number
  readonly etag: string
  readonly modifiedAt: number
  readonly checksum?: Checksum
}

export interface CompletedPart {
  readonly number: number
  readonly etag: string
  /** What the client repeats of the part's checksum, if anything. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: Uint8Array }
}

/** What the client says of the whole object when it completes an upload; what is not so refuses the completion. */
export interface CompleteOptions {
  readonly condition?: WriteCondition
  /** `object/checksum-mismatch`; `object/checksum-of-another-kind` when the parts do not give one to compare with. */
  readonly checksum?: Checksum
  /** `object/checksum-of-another-kind` when the upload was created for the other one. */
  readonly checksumType?: Checksum['type']
  /** `object/size-mismatch` */
  readonly bytes?: number
  readonly origin?: Origin
  /** That the upload rests under; needed where parts have checksums. */
  readonly customerKey?: Uint8Array | undefined
}

export interface CopySource {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly version?: VersionId
  /** Needed for what rests under a customer's key. */
  readonly customerKey?: Uint8Array
  readonly range?: ByteRange
  readonly ifMatch?: readonly string[] | '*'
  readonly ifNoneMatch?: readonly string[] | '*'
  readonly ifModifiedSince?: number
  readonly ifUnmodifiedSince?: number
}

/**
 * Buckets, keys, uploads, parts. Every call that changes something returns when the change survives power loss; every call that
 * reads sees only what the change log holds. Faults: the codes of `object/faults`; `object/quota-exceeded` from whatever adds something.
 */
export interface ObjectStore {
  createBucket(name: BucketName, options?: NewBucket): Promise<BucketInfo> // object/bucket-exists
  headBucket(name: BucketName): Promise<BucketFacts> // object/no-such-bucket
  listBuckets(): Promise<readonly BucketInfo[]>
  deleteBucket(name: BucketName): Promise<void> // object/bucket-not-empty (open uploads do not count)
  /** Of one bucket (none, when there is no such one), or all, by name. */
  bucketUsage(name?: BucketName): Promise<readonly BucketUsage[]>
  ownerUsage(owner: string): Promise<OwnerUsage>
  /** For all buckets of an owner together; `undefined` takes it away. One bucket's is a setting of it. */
  setOwnerQuota(owner: string, quota: Quota | undefined): Promise<void>
  /** Calls `listener` whenever what `headBucket` says of a name may have changed: before whoever changed it is answered. */
  onBucketChange(listener: (name: BucketName) => void): void

  put(
    bucket: BucketName,
    key: ObjectKey,
    options: {
      readonly body: IncomingBody
      readonly metadata: ObjectMetadata
      readonly traits?: Traits
      readonly condition?: WriteCondition
      readonly origin?: Origin
      readonly encryption?: EncryptionWish | undefined
      readonly signal: AbortSignal
    },
  ): Promise<ObjectInfo>
  /**
   * The object as it is now, with a way to read it; overwriting or deleting it meanwhile does not disturb the reader. Without the customer's key
   * that it rests under, it is known but not read: `object/customer-key-needed` and the like come from reading.
   */
  open(
    bucket: BucketName,
    key: ObjectKey,
    options?: {
      readonly version?: VersionId | undefined
      readonly customerKey?: Uint8Array | undefined
    },
  ): Promise<OpenedObject>
  /** `object/no-such-key`, also where a marker is; `object/no-such-version`; `object/delete-marker` for a version that is one. */
  head(bucket: BucketName, key: ObjectKey, version?: VersionId): Promise<ObjectInfo>
  /** Deleting what is not there is success. `object/precondition-failed` */
  delete(bucket: BucketName, key: ObjectKey, options?: DeleteOptions): Promise<Deletion>
  /** One result per key in order. `object/no-such-bucket` for all of it. */
  deleteMany(
    bucket: BucketName,
    asked: readonly (DeleteOptions & { readonly key: ObjectKey })[],
  ): Promise<readonly (Deletion | Error)[]>
  /** Replaces one setting, or removes it. `object/invalid-bucket-state`: a lock needs versions. */
  configure<Name extends keyof BucketConfig>(
    bucket: BucketName,
    name: Name,
    value: BucketConfig[Name] | undefined,
    options?: { readonly origin?: Origin },
  ): Promise<void>
  /**
   * Replaces what is given of a version's traits. `object/locked` when that would free it too early, `object/not-lockable` for a lock in a bucket
   * without; the faults of `head`.
   */
  setTraits(
    address: {
      readonly bucket: BucketName
      readonly key: ObjectKey
      readonly version?: VersionId | undefined
    },
    changes: TraitChanges,
    options?: { readonly bypassesGovernance?: boolean; readonly origin?: Origin },
  ): Promise<{ readonly versionId?: VersionId }>
  /** From now on; what there is stays as it is. `object/invalid-bucket-state`: a lock needs versions. */
  setVersioning(bucket: BucketName, versioning: Versioning): Promise<void>
  listVersions(bucket: BucketName, query: VersionQuery): Promise<VersionPage>
  /** Shares the source's chunks, unless the copy rests under another key. `metadata` undefined keeps the source's but its redirect, and so do tags; locks are not copied. */
  copy(
    source: CopySource,
    target: { readonly bucket: BucketName; readonly key: ObjectKey },
    options: {
      readonly metadata?: ObjectMetadata
      /** Where a website sends whoever asks for the copy, when the source's metadata is kept. */
      readonly websiteRedirectLocation?: string
      readonly traits?: Traits
      readonly condition?: WriteCondition
      /** The copy shall have this checksum of the whole object, at the price of reading it if the source has another. */
      readonly checksumAlgorithm?: ChecksumAlgorithm
      readonly origin?: Origin
      readonly encryption?: EncryptionWish | undefined
      readonly signal: AbortSignal
    },
  ): Promise<CopiedObject>
  list(bucket: BucketName, query: ListQuery): Promise<ListPage>

  createUpload(
    bucket: BucketName,
    key: ObjectKey,
    options: {
      readonly metadata: ObjectMetadata
      readonly traits?: Traits
      readonly encryption?: EncryptionWish | undefined
      readonly checksumAlgorithm?: ChecksumAlgorithm
      readonly checksumType?: 'FULL_OBJECT' | 'COMPOSITE'
    },
  ): Promise<UploadInfo>
  headUpload(bucket: BucketName, key: ObjectKey, uploadId: UploadId): Promise<UploadInfo> // object/no-such-upload
  putPart(
    upload: { readonly bucket: BucketName; readonly key: ObjectKey; readonly uploadId: UploadId },
    number: number,
    options: {
      readonly body: IncomingBody
      /** Needed, and the same for all parts, when the upload was created with one. */
      readonly customerKey?: Uint8Array | undefined
      readonly signal: AbortSignal
    },
  ): Promise<PartInfo>
  copyPart(
    upload: { readonly bucket: BucketName; readonly key: ObjectKey; readonly uploadId: UploadId },
    number: number,
    source: CopySource,
    options: { readonly customerKey?: Uint8Array | undefined; readonly signal: AbortSignal },
  ): Promise<PartInfo>
  listParts(
    upload: { readonly bucket: BucketName; readonly key: ObjectKey; readonly uploadId: UploadId },
    page: { readonly after: number; readonly limit: number },
  ): Promise<{
    readonly upload: UploadInfo
    readonly parts: readonly PartInfo[]
    readonly isTruncated: boolean
  }>
  listUploads(
    bucket: BucketName,
    query: {
      readonly prefix: string
      readonly delimiter?: string
      readonly afterKey?: string
      readonly afterUploadId?: string
      readonly limit: number
    },
  ): Promise<{
    readonly uploads: readonly UploadInfo[]
    readonly commonPrefixes: readonly string[]
    readonly isTruncated: boolean
  }>
  /** Repeating a completed completion with the same parts succeeds again while the object is still that one. */
  completeUpload(
    upload: { readonly bucket: BucketName; readonly key: ObjectKey; readonly uploadId: UploadId },
    parts: readonly CompletedPart[],
    options: CompleteOptions,
  ): Promise<ObjectInfo>
  abortUpload(upload: {
    readonly bucket: BucketName
    readonly key: ObjectKey
    readonly uploadId: UploadId
  }): Promise<void>
}
