/**
 * Whether somebody may do something with a bucket or an object in it. Pure: root may; a Deny of any policy forbids; whoever has nothing by ownership
 * (a member of an account, a role's session) needs an Allow of its own policies, or of the bucket's in the same account; beyond that an Allow of the
 * bucket's policy, ownership, or a grant permits; everything else is denied.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-overview.html
 */
import {
  type Caller,
  granteeIds,
  ownNames,
  roleNames,
  sharedNames,
  standingOf,
} from '#identity/caller'
import type { RequestContext } from '#identity/conditions'
import { type Grants, isGranted, ownGrants, type Permission } from '#identity/grants'
import { asksFor, evaluate, isPublic, type Policy, parsePolicy } from '#identity/policy'

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
  /** The owner's account, where the caller's policies are of another; the store's own when left out. */
  readonly account?: string
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
  readonly caller: Caller | undefined
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

type Verdict = 'Allow' | 'Deny' | undefined

/** `by-object`: it depends on the object, which `mayWith` is to be asked of. */
export function decide(request: AccessRequest, bucket: BucketAccess): 'yes' | 'no' | 'by-object' {
  const { caller, action } = request
  if (caller?.isRoot === true) return 'yes'
  const isAboutObject = objectPermissions[action] !== undefined
  if (isAboutObject && asksForTags(request, bucket)) return 'by-object'
  const verdict = policiesSay(request, bucket)
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
  const verdict = policiesSay({ ...request, context }, bucket)
  if (verdict !== undefined) return verdict === 'Allow'
  const { owner = bucket.owner } = object
  const { caller } = request
  if (bucket.ownership === 'BucketOwnerEnforced') return caller?.id === bucket.owner
  if (caller?.id === owner) return true
  return isGrantedOn(objectPermissions, request, bucket, object.grants ?? ownGrants(owner))
}

/** What concerns no bucket that is there: whether one's own policies stand in the way, or, for who needs it, allow it. */
export function mayAtAll(request: IdentityRequest): boolean {
  const { caller } = request
  if (caller.isRoot) return true
  const verdict = identityVerdict(request)
  return standingOf(caller).isBound ? verdict === 'Allow' : verdict !== 'Deny'
}

export interface IdentityRequest extends Pick<AccessRequest, 'action' | 'context'> {
  readonly caller: Caller
  readonly resource: string
}

/** What the caller's own policies say. A session that was narrowed has what both its policies and the narrowing allow. */
export function identityVerdict({ caller, ...request }: IdentityRequest): Verdict {
  const { policies, session } = standingOf(caller)
  const verdict = strongest(policies.map((text) => evaluateText(text, request)))
  if (session?.policy === undefined || verdict === 'Deny') return verdict
  const narrowed = evaluateText(session.policy, request)
  return narrowed === 'Allow' ? verdict : narrowed
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
  return isGranted(grants, permission, { callers: granteeIds(caller), ignoresPublic })
}

/** The bucket's policy and the caller's own together; `undefined`: ownership and grants decide. */
function policiesSay(request: AccessRequest, bucket: BucketAccess): Verdict {
  const { caller } = request
  if (caller === undefined) return bucketVerdict(request, bucket, [])
  const offered = bucketVerdict(request, bucket, [...ownNames(caller), ...sharedNames(caller)])
  const { policies, session, isBound, account } = standingOf(caller)
  if (offered === 'Deny' || (policies.length === 0 && !isBound)) return offered
  const own = identityVerdict({ ...request, caller, resource: resourceOf(request, bucket) })
  if (own === 'Deny') return own
  const isSameAccount = account === (bucket.account ?? '')
  const isAllowed = own === 'Allow'
  if (!isBound) return offered ?? (isAllowed && isSameAccount ? 'Allow' : undefined)
  // In one's own account it is enough to be named; what is given to one's account, or another account gives, one's own policies must allow as well.
  // A session that was narrowed must be meant itself.
  const isByNameOnly = session?.policy !== undefined
  const names = isByNameOnly ? ownNames(caller) : [...ownNames(caller), ...roleNames(session)]
  const isMeant = bucketVerdict(request, bucket, names, { isByNameOnly }) === 'Allow'
  if (isSameAccount && isMeant) return 'Allow'
  if (!isAllowed) return 'Deny'
  return offered ?? (isSameAccount && account === '' ? 'Allow' : undefined)
}

/** What the bucket's policy says to somebody of these names. */
function bucketVerdict(
  request: AccessRequest,
  bucket: BucketAccess,
  names: readonly string[],
  { isByNameOnly = false }: { readonly isByNameOnly?: boolean } = {},
): Verdict {
  const { policy, publicAccess, owner } = bucket
  if (policy === undefined) return undefined
  const { action, context, caller } = request
  const verdict = evaluate(policy, {
    action,
    resource: resourceOf(request, bucket),
    names,
    isByNameOnly,
    context,
  })
  const isRestricted = publicAccess?.restrictsPolicy === true && isPublic(policy)
  return verdict === 'Allow' && isRestricted && caller?.id !== owner ? undefined : verdict
}

function resourceOf({ key }: AccessRequest, { bucket }: BucketAccess): string {
  return `arn:aws:s3:::${bucket}${key === undefined ? '' : `/${key}`}`
}

const tagKey = 's3:existingobjecttag'

function asksForTags({ caller }: AccessRequest, { policy }: BucketAccess): boolean {
  if (policy !== undefined && asksFor(policy, tagKey)) return true
  if (caller?.standing === undefined) return false
  const { policies, session } = caller.standing
  const texts = session?.policy === undefined ? policies : [...policies, session.policy]
  return texts.some((text) => asksFor(parsed(text), tagKey))
}

function strongest(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('Deny')) return 'Deny'
  return verdicts.includes('Allow') ? 'Allow' : undefined
}

function evaluateText(text: string, request: Omit<IdentityRequest, 'caller'>): Verdict {
  return evaluate(parsed(text), { ...request, names: [] })
}

/** Documents as they were last read: a door asks of the same ones at every request. */
const known = new Map<string, Policy>()
/** Of 20 KiB at most each, and most of them a few hundred bytes. */
const knownMax = 1_000

/** Only valid documents are kept of anybody. */
function parsed(text: string): Policy {
  const found = known.get(text)
  if (found !== undefined) return found
  if (known.size >= knownMax) known.clear()
  const policy = parsePolicy(text, 'identity')
  known.set(text, policy)
  return policy
}
