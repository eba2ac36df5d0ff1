/** Access lists: who was granted what on one bucket or object. Pure. https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html */

export type Permission = 'FULL_CONTROL' | 'READ' | 'WRITE' | 'READ_ACP' | 'WRITE_ACP'
/** Groups that S3 knows by URI. */
export type GrantGroup = 'AllUsers' | 'AuthenticatedUsers' | 'LogDelivery'

export interface Grant {
  /** A canonical id. */
  readonly to: { readonly id: string } | { readonly group: GrantGroup }
  readonly permission: Permission
}
export type Grants = readonly Grant[]

/** What an owner who granted nothing to others has. */
export function ownGrants(owner: string): Grants {
  return [{ to: { id: owner }, permission: 'FULL_CONTROL' }]
}

export function isPublicGrant({ to }: Grant): boolean {
  return 'group' in to && to.group !== 'LogDelivery'
}

/** Whether the grants give it to somebody of these ids; none: somebody unknown. */
export function isGranted(
  grants: Grants,
  permission: Permission,
  {
    callers,
    ignoresPublic,
  }: { readonly callers: readonly string[]; readonly ignoresPublic: boolean },
): boolean {
  return grants.some((grant) => {
    if (grant.permission !== permission && grant.permission !== 'FULL_CONTROL') return false
    const { to } = grant
    if ('id' in to) return callers.includes(to.id)
    if (ignoresPublic || to.group === 'LogDelivery') return false
    return to.group === 'AllUsers' || callers.length > 0
  })
}

/** S3's canned lists, by name; `undefined` for one that does not exist. */
export function cannedGrants(
  name: string,
  { owner, bucketOwner }: { readonly owner: string; readonly bucketOwner: string },
): Grants | undefined {
  const own = ownGrants(owner)
  const group = (to: GrantGroup, ...permissions: readonly Permission[]): Grants => [
    ...permissions.map((permission): Grant => ({ to: { group: to }, permission })),
    ...own,
  ]
  const toBucketOwner = (permission: Permission): Grants =>
    owner === bucketOwner ? own : [...own, { to: { id: bucketOwner }, permission }]
  switch (name) {
    case 'private':
      return own
    case 'public-read':
      return group('AllUsers', 'READ')
    case 'public-read-write':
      return group('AllUsers', 'READ', 'WRITE')
    case 'authenticated-read':
      return group('AuthenticatedUsers', 'READ')
    case 'log-delivery-write':
      return group('LogDelivery', 'WRITE', 'READ_ACP')
    case 'bucket-owner-read':
      return toBucketOwner('READ')
    case 'bucket-owner-full-control':
      return toBucketOwner('FULL_CONTROL')
    default:
      return undefined
  }
}
