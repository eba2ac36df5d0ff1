/** Into a bucket: whether it is there, and whether the caller may go in. */
import type { BucketCall, Call, NameCall } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import type { Owner } from '#identity/principal'
import { objectFault } from '#object/faults'
import type { BucketFacts, BucketName } from '#object/model'

/** `object/no-such-bucket`, `s3/access-denied` */
export async function enter<Asked extends NameCall>(
  call: Asked,
): Promise<Asked & Pick<BucketCall, 'facts' | 'owner'>> {
  const facts = await requireAccess(call, call.bucket)
  const expected = call.headers['x-amz-expected-bucket-owner']
  if (expected !== undefined && expected !== (facts.owner ?? call.door.root.id))
    throw s3Fault('s3/access-denied')
  return { ...call, facts, owner: await ownerOf(call, facts) }
}

/** For buckets beside the one that is addressed, too. `object/no-such-bucket`, `s3/access-denied` */
export async function requireAccess(
  { door, caller }: Pick<Call, 'door' | 'caller'>,
  bucket: BucketName,
): Promise<BucketFacts> {
  const facts = await door.lookups.bucket(bucket)
  if (facts === undefined) throw objectFault('object/no-such-bucket', { bucket })
  const { owner = door.root.id } = facts
  if (!caller.isRoot && caller.id !== owner) throw s3Fault('s3/access-denied')
  return facts
}

/** Somebody who is no more still has an id. */
async function ownerOf(
  { door, caller }: Pick<Call, 'door' | 'caller'>,
  { owner }: BucketFacts,
): Promise<Owner> {
  if (owner === undefined || owner === door.root.id) return door.root
  if (owner === caller.id) return caller
  return (await door.lookups.principal(owner)) ?? { id: owner, displayName: '' }
}
