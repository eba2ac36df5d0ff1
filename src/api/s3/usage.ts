/** Ceph's answers to who asks how much there is and may be: extensions that S3 does not have. -1: no limit. */
import type { BucketCall, Call } from '#api/s3/call'
import { requireRight } from '#api/s3/enter'
import { s3Fault } from '#api/s3/faults'
import { bucketsMax } from '#api/s3/limits'
import { branch, leaf, plainXmlDocument } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { Principal } from '#identity/principal'
import type { Quota } from '#object/model'

/** Whoever asks, of all their buckets. https://docs.ceph.com/en/latest/radosgw/s3/serviceops/#get-usage-stats */
export async function getUsage(call: Call): Promise<HttpResponse> {
  const { door, caller } = call
  if (caller === undefined) throw s3Fault('s3/access-denied')
  requireRight(call, { action: 's3:ListAllMyBuckets' })
  const { quota } = await door.objects.ownerUsage(caller.id)
  const own = (await door.objects.bucketUsage()).filter(
    ({ owner = door.root.id }) => owner === caller.id,
  )
  const sumOf = (amount: 'bytes' | 'objects'): number =>
    own.reduce((sum, bucket) => sum + bucket[amount], 0)
  const summary = branch(
    'Summary',
    leaf('QuotaMaxBytes', limitOf(quota, 'bytes')),
    leaf('QuotaMaxBuckets', bucketLimit(caller)),
    leaf('QuotaMaxObjCount', limitOf(quota, 'objects')),
    leaf('QuotaMaxBytesPerBucket', -1),
    leaf('QuotaMaxObjCountPerBucket', -1),
    leaf('TotalBytes', sumOf('bytes')),
    leaf('TotalEntries', sumOf('objects')),
  )
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: plainXmlDocument('Usage', summary),
  }
}

/** Of a bucket, for HEAD with `read-stats=true`: what its owner may have as well, if it is the owner who asks. */
export async function usageHeaders({
  door,
  bucket,
  query,
  caller,
  owner,
}: BucketCall): Promise<Record<string, string>> {
  if (query.get('read-stats') !== 'true') return {}
  const [usage] = await door.objects.bucketUsage(bucket)
  if (usage === undefined) return {}
  const ofBucket = {
    'x-rgw-object-count': String(usage.objects),
    'x-rgw-bytes-used': String(usage.bytes),
    'x-rgw-quota-bucket-size': limitOf(usage.quota, 'bytes'),
    'x-rgw-quota-bucket-objects': limitOf(usage.quota, 'objects'),
  }
  if (caller?.id !== owner.id) return ofBucket
  const { quota } = await door.objects.ownerUsage(owner.id)
  return {
    ...ofBucket,
    'x-rgw-quota-user-size': limitOf(quota, 'bytes'),
    'x-rgw-quota-user-objects': limitOf(quota, 'objects'),
    'x-rgw-quota-max-buckets': bucketLimit(caller),
  }
}

function limitOf(quota: Quota | undefined, amount: keyof Quota): string {
  return String(quota?.[amount] ?? -1)
}

/** Ceph's 0 means no limit. */
function bucketLimit({ isRoot }: Pick<Principal, 'isRoot'>): string {
  return String(isRoot ? 0 : bucketsMax)
}
