/** Into a bucket: whether it is there, and whether the caller may do there what is asked. The rules are `identity/access`'s. */
import type { Admission, BucketCall, Call, NameCall } from '#api/s3/call'
import { contextOf } from '#api/s3/context'
import { s3Fault } from '#api/s3/faults'
import { assertPays } from '#api/s3/requester-pays'
import { assertTenant } from '#api/s3/tenants'
import { isFault } from '#fault/fault'
import {
  type AccessRequest,
  type BucketAccess,
  decide,
  mayAtAll,
  mayWith,
  type ObjectAccess,
  type Ownership,
  type PublicAccess,
} from '#identity/access'
import { accountOf } from '#identity/caller'
import type { Grants } from '#identity/grants'
import { parsePolicy } from '#identity/policy'
import type { Owner } from '#identity/principal'
import { objectFault } from '#object/faults'
import type { BucketFacts, BucketName, ObjectInfo, ObjectKey } from '#object/model'

/** What is asked for, in the words of policies. */
export interface Asked {
  readonly action: string
  readonly key?: ObjectKey
}

/** `object/no-such-bucket`, `s3/access-denied` */
export async function enter<Named extends NameCall>(
  call: Named,
  asked: Asked | undefined,
): Promise<Named & Pick<BucketCall, 'facts' | 'owner' | 'admission'>> {
  await assertTenant(call)
  const { facts, admission } = await admissionTo(call, call.bucket, asked)
  assertOwner(call, facts, 'x-amz-expected-bucket-owner')
  return { ...call, facts, owner: await ownerOf(call, facts.owner), admission }
}

/** `s3/access-denied` where `header` names another owner than the bucket has: its canonical id. */
export function assertOwner(
  { door, headers }: Pick<Call, 'door' | 'headers'>,
  facts: BucketFacts,
  header: 'x-amz-expected-bucket-owner' | 'x-amz-source-expected-bucket-owner',
): void {
  const expected = headers[header]
  if (expected && expected !== (facts.owner ?? door.root.id)) throw s3Fault('s3/access-denied')
}

/** For buckets beside the one that is addressed, too. Without `asked`, whoever is to be asked later. `object/no-such-bucket`, `s3/access-denied` */
export async function admissionTo(
  call: Pick<Call, 'door' | 'caller' | 'request' | 'query' | 'headers'>,
  bucket: BucketName,
  asked: Asked | undefined,
): Promise<{ readonly facts: BucketFacts; readonly admission: Admission }> {
  const facts = await call.door.lookups.bucket(bucket)
  if (facts === undefined) throw objectFault('object/no-such-bucket', { bucket })
  const access = await accessOfCaller(call, facts)
  const context =
    access.policy === undefined && call.caller?.standing === undefined ? {} : contextOf(call)
  const request = ({ action, key }: Asked): AccessRequest => {
    return { caller: call.caller, action, key, context }
  }
  const verdict = asked === undefined ? 'yes' : decide(request(asked), access)
  if (verdict === 'no') throw s3Fault('s3/access-denied')
  assertPays(call, facts)
  return {
    facts,
    admission: {
      dependsOnObject: verdict === 'by-object',
      admit: (info) => {
        if (asked === undefined || verdict !== 'by-object') return
        if (!mayWith(request(asked), access, objectAccess(info))) throw s3Fault('s3/access-denied')
      },
      may: (other, info) => {
        const also = decide(request(other), access)
        if (also !== 'by-object' || info === undefined) return also === 'yes'
        return mayWith(request(other), access, objectAccess(info))
      },
      conceal: (error) => {
        const isMissing = isFault(error, 'object/no-such-key', 'object/no-such-version')
        // What a bucket's policy gives to somebody, its owner has shown; one's own policies say nothing of what the owner wants known.
        const isShown = verdict !== 'by-object' && call.caller?.standing === undefined
        if (!isMissing || isShown) return error
        const list = request({ action: 's3:ListBucket' })
        const prefix = asked?.key === undefined ? {} : { 's3:prefix': [asked.key] }
        const mayList = decide({ ...list, context: { ...context, ...prefix } }, access) === 'yes'
        return mayList ? error : s3Fault('s3/access-denied', {}, error)
      },
    },
  }
}

/** Whose account the bucket is in matters to those alone whose rights policies give. */
async function accessOfCaller(
  { door, caller }: Pick<Call, 'door' | 'caller'>,
  facts: BucketFacts,
): Promise<BucketAccess> {
  const access = accessOf(facts, door.root.id)
  if (caller?.standing === undefined) return access
  const owner = await door.lookups.principal(access.owner)
  return owner === undefined ? access : { ...access, account: accountOf(owner) }
}

/** `s3/access-denied` unless the caller may do what concerns no bucket that is there. */
export function requireRight(
  call: Pick<Call, 'door' | 'caller' | 'request' | 'query' | 'headers'>,
  { action, bucket }: { readonly action: string; readonly bucket?: BucketName },
): void {
  const { caller } = call
  if (caller?.standing === undefined) return
  const resource = `arn:aws:s3:::${bucket ?? '*'}`
  if (!mayAtAll({ caller, action, resource, context: contextOf(call) }))
    throw s3Fault('s3/access-denied')
}

/** Parsed once per bucket: lookups keep the facts. */
const accesses = new WeakMap<BucketFacts, BucketAccess>()

/** When nobody has said otherwise, grants count, and writers own what they write: what clients made for other stores expect. */
export const ownershipDefault: Ownership = 'ObjectWriter'

export function accessOf(facts: BucketFacts, root: string): BucketAccess {
  const known = accesses.get(facts)
  if (known !== undefined) return known
  const { grants, ownership = ownershipDefault, policy, publicAccess } = facts.config
  const access: BucketAccess = {
    bucket: facts.name,
    owner: facts.owner ?? root,
    grants: grants as Grants | undefined, // these doors put it there, and so with what follows
    ownership: ownership as Ownership,
    policy: policy === undefined ? undefined : parsePolicy(policy),
    publicAccess: publicAccess as PublicAccess | undefined,
  }
  accesses.set(facts, access)
  return access
}

function objectAccess({ traits }: Pick<ObjectInfo, 'traits'>): ObjectAccess {
  const { owner, grants, tags = [] } = traits
  return { owner, grants: grants as Grants | undefined, tags } // as above
}

/** Somebody who is no more still has an id. */
export async function ownerOf(
  { door, caller }: Pick<Call, 'door' | 'caller'>,
  owner: string | undefined,
): Promise<Owner> {
  if (owner === undefined || owner === door.root.id) return door.root
  if (owner === caller?.id) return caller
  return (await door.lookups.principal(owner)) ?? { id: owner, displayName: '' }
}
