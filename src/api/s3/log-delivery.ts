/** Whether the store may write access logs into a bucket: what its policy says to the service, or its ACL to the group. */
import { accessOf } from '#api/s3/enter'
import { type Grants, isPublicGrant } from '#identity/grants'
import { evaluate, serviceName } from '#identity/policy'
import type { BucketFacts } from '#object/model'
import type { AccessLogTarget } from '#telemetry/telemetry'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html */
export function mayDeliver(
  target: BucketFacts,
  {
    bucket,
    owner,
    prefix,
    root,
  }: {
    /** Whose requests are told, and its owner's canonical id. */
    readonly bucket: string
    readonly owner: string
    readonly prefix: string
    /** Canonical id. */
    readonly root: string
  },
): boolean {
  const { policy, grants = [], ownership } = accessOf(target, root)
  const verdict =
    policy &&
    evaluate(policy, {
      action: 's3:PutObject',
      resource: `arn:aws:s3:::${target.name}/${prefix}`,
      names: [serviceName('logging.s3.amazonaws.com')],
      isByNameOnly: true,
      context: {
        'aws:sourcearn': [`arn:aws:s3:::${bucket}`],
        'aws:sourceaccount': [owner],
        'aws:securetransport': ['true'], // it never leaves the store
      },
    })
  if (verdict !== undefined) return verdict === 'Allow'
  return (
    ownership !== 'BucketOwnerEnforced' &&
    grants.some(
      ({ to, permission }) =>
        'group' in to &&
        to.group === 'LogDelivery' &&
        (permission === 'WRITE' || permission === 'FULL_CONTROL'),
    )
  )
}

/** What a log's objects grant besides, as far as the target takes grants. */
export function grantsInto(
  target: BucketFacts,
  { grants = [] }: AccessLogTarget,
  root: string,
): Grants {
  const { ownership, publicAccess } = accessOf(target, root)
  if (ownership === 'BucketOwnerEnforced') return []
  const given = grants as Grants // these doors put it there
  return publicAccess?.blocksGrants === true ? given.filter((one) => !isPublicGrant(one)) : given
}
