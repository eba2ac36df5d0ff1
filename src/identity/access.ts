/**
 * Whether somebody may do something with a bucket or an object in it. Pure: root may; a Deny of the bucket's policy forbids; an Allow of it, ownership,
 * or a grant permits; everything else is denied.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-overview.html
 */
import type { RequestContext } from '#identity/conditions'
import { type Grants, isGranted, ownGrants, type Permission } from '#identity/grants'
import { asksFor, evaluate, isPublic, type Policy } from '#identity/policy'
import type { Principal } from '#identity/principal'

/** Who owns what others write into a bucket, and whether grants count at all. */
export type Ownership = 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter'

/** S3's public access block. */
export interface PublicAccess {
  readonly blocksGrants: boolean
  readonly ignoresGrants: boolean
  readonly blocksPolicy: boolean
  readonly restrictsPolicy: boolean
}

export interface BucketAccess {
  readonly bucket: string
  /** Canonical id. */
  readonly owner: string
  readonly grants: Grants | undefined
  readonly ownership: Ownership
  readonly policy: Policy | undefined
  readonly publicAccess: PublicAccess | undefined
}

export interface ObjectAccess {
  /** Canonical id; the bucket's owner when left out. */
  readonly owner?: string | undefined
  readonly grants?: Grants | undefined
  readonly tags: readonly (readonly [key: string, value: string])[]
}

export interface AccessRequest {
  /** `undefined`: somebody unknown. */
  readonly caller: Principal | undefined
  /** e.g. `s3:GetObject` */
  readonly action: string
  readonly key?: string | undefined
  readonly context: RequestContext
}

/** What grants on a bucket permit. */
const bucketPermissions: Readonly<Record<string, Permission | undefined>> = {
  's3:ListBucket': 'READ',
  's3:ListBucketVersions': 'READ',
  's3:ListBucketMultipartUploads': 'READ',
  's3:PutObject': 'WRITE',
  's3:DeleteObject': 'WRITE',
  's3:DeleteObjectVersion': 'WRITE',
  's3:AbortMultipartUpload': 'WRITE',
  's3:ListMultipartUploadParts': 'WRITE',
  's3:GetBucketAcl': 'READ_ACP',
  's3:PutBucketAcl': 'WRITE_ACP',
}
/** What grants on an object permit; its owner may do all of it. */
const objectPermissions: Readonly<Record<string, Permission | undefined>> = {
  's3:GetObject': 'READ',
  's3:GetObjectVersion': 'READ',
  's3:GetObjectAttributes': 'READ',
  's3:GetObjectVersionAttributes': 'READ',
  's3:GetObjectTagging': 'READ',
  's3:GetObjectVersionTagging': 'READ',
  's3:PutObjectTagging': 'WRITE',
  's3:PutObjectVersionTagging': 'WRITE',
  's3:DeleteObjectTagging': 'WRITE',
  's3:DeleteObjectVersionTagging': 'WRITE',
  's3:GetObjectAcl': 'READ_ACP',
  's3:GetObjectVersionAcl': 'READ_ACP',
  's3:PutObjectAcl': 'WRITE_ACP',
  's3:PutObjectVersionAcl': 'WRITE_ACP',
}

/** `by-object`: it depends on the object, which `mayWith` is to be asked of. */
export function decide(request: AccessRequest, bucket: BucketAccess): 'yes' | 'no' | 'by-object' {
  const { caller, action } = request
  if (caller?.isRoot === true) return 'yes'
  const isAboutObject = objectPermissions[action] !== undefined
  const { policy } = bucket
  if (isAboutObject && policy !== undefined && asksFor(policy, 's3:existingobjecttag'))
    return 'by-object'
  const verdict = verdictOf(request, bucket)
  if (verdict !== undefined) return verdict === 'Allow' ? 'yes' : 'no'
  if (isAboutObject && bucket.ownership !== 'BucketOwnerEnforced') return 'by-object'
  if (caller?.id === bucket.owner) return 'yes'
  return isGrantedOn(bucketPermissions, request, bucket, bucket.grants ?? ownGrants(bucket.owner))
    ? 'yes'
    : 'no'
}

/** For requests that are decided `by-object`. */
export function mayWith(
  request: AccessRequest,
  bucket: BucketAccess,
  object: ObjectAccess,
): boolean {
  const tags = object.tags.map(([name, value]) => [
    `s3:existingobjecttag/${name.toLowerCase()}`,
    [value],
  ])
  const context = { ...request.context, ...Object.fromEntries(tags) }
  const verdict = verdictOf({ ...request, context }, bucket)
  if (verdict !== undefined) return verdict === 'Allow'
  const { owner = bucket.owner } = object
  const { caller } = request
  if (bucket.ownership === 'BucketOwnerEnforced') return caller?.id === bucket.owner
  if (caller?.id === owner) return true
  return isGrantedOn(objectPermissions, request, bucket, object.grants ?? ownGrants(owner))
}

function isGrantedOn(
  permissions: typeof bucketPermissions,
  { action, caller }: AccessRequest,
  { ownership, publicAccess }: BucketAccess,
  grants: Grants,
): boolean {
  const permission = permissions[action]
  if (permission === undefined || ownership === 'BucketOwnerEnforced') return false
  const ignoresPublic = publicAccess?.ignoresGrants ?? false
  return isGranted(grants, permission, { caller: caller?.id, ignoresPublic })
}

/** What the bucket's policy says. */
function verdictOf(
  { caller, action, key, context }: AccessRequest,
  { bucket, owner, policy, publicAccess }: BucketAccess,
): 'Allow' | 'Deny' | undefined {
  if (policy === undefined) return undefined
  const resource = `arn:aws:s3:::${bucket}${key === undefined ? '' : `/${key}`}`
  const verdict = evaluate(policy, { action, resource, names: namesOf(caller), context })
  const isRestricted = publicAccess?.restrictsPolicy === true && isPublic(policy)
  return verdict === 'Allow' && isRestricted && caller?.id !== owner ? undefined : verdict
}

function namesOf(caller: Principal | undefined): readonly string[] {
  if (caller === undefined) return []
  const { id, handle, tenant } = caller
  return tenant === undefined ? [id, handle] : [id, handle, tenant]
}
