/** What the headers of a write ask for beside the object itself, and whose it will be. */
import { checkGrants, readGrantHeaders } from '#api/s3/acl'
import type { BucketCall, Call, ObjectCall } from '#api/s3/call'
import { accessOf } from '#api/s3/enter'
import { readLockHeaders } from '#api/s3/locks'
import { readClassHeader } from '#api/s3/storage-classes'
import { readTagHeader } from '#api/s3/tags'
import type { Grants } from '#identity/grants'
import type { Traits } from '#object/model'

/** The faults of `readGrantHeaders`, `checkGrants`, `readTagHeader` and `readLockHeaders`. */
export async function readTraits(
  call: ObjectCall,
  more: Pick<Traits, 'replication'> = {},
): Promise<{ readonly traits?: Traits }> {
  const tags = readTagHeader(call)
  const traits = {
    ...(await readOwnership(call)),
    ...(tags === undefined ? {} : { tags }),
    ...readLockHeaders(call),
    ...readClassHeader(call),
    ...more,
  }
  return Object.keys(traits).length === 0 ? {} : { traits }
}

/** Only what is not so anyway: most objects are the bucket owner's, and granted to nobody. */
async function readOwnership(call: BucketCall): Promise<Pick<Traits, 'owner' | 'grants'>> {
  const { facts, door, headers } = call
  const { owner: bucketOwner, ownership } = accessOf(facts, door.root.id)
  const writer = writerOf(call, bucketOwner)
  const isGivenAway =
    ownership === 'BucketOwnerEnforced' ||
    (ownership === 'BucketOwnerPreferred' && headers['x-amz-acl'] === 'bucket-owner-full-control')
  const owner = isGivenAway ? bucketOwner : writer
  const grants = await readGrantHeaders(call, { owner, bucketOwner })
  if (grants !== undefined) checkGrants(call, grants)
  const isKept = grants !== undefined && ownership !== 'BucketOwnerEnforced'
  return {
    ...(owner === bucketOwner ? {} : { owner }),
    ...(isKept && !isOwnersAlone(grants, owner) ? { grants } : {}),
  }
}

/** What somebody unknown writes is the bucket owner's; so is what root writes into the buckets of others. */
function writerOf({ caller }: Pick<Call, 'caller'>, bucketOwner: string): string {
  return caller === undefined || caller.isRoot ? bucketOwner : caller.id
}

function isOwnersAlone(grants: Grants, owner: string): boolean {
  const [grant, ...others] = grants
  const isFull = grant?.permission === 'FULL_CONTROL' && 'id' in grant.to && grant.to.id === owner
  return isFull && others.length === 0
}
