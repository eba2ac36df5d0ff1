import type { BucketCall } from '#api/s3/call'
import { admissionTo } from '#api/s3/enter'
import { invalidRequest, s3Fault } from '#api/s3/faults'
import { readReplication, replicationElements } from '#api/s3/replication-document'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { removalOf } from '#api/s3/setting-removal'
import { readXmlBody } from '#api/s3/xml-body'
import type { Replication, ReplicationRule } from '#delivery/replication-rules'
import type { HttpResponse } from '#http/message'
import type { ObjectKey } from '#object/model'
import { parseBucketName } from '#object/names'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html */
export async function getBucketReplication({ facts, bucket }: BucketCall): Promise<HttpResponse> {
  const { replication } = facts.config
  if (replication === undefined) throw s3Fault('s3/no-such-replication', { bucket })
  const elements = replicationElements(replication as Replication) // put there by the operation below
  return xmlResponse('ReplicationConfiguration', elements)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html: all rules at once, for what is written from now on. */
export async function putBucketReplication(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket, caller, facts } = call
  const document = await readXmlBody(call, 'ReplicationConfiguration')
  const by = caller?.id ?? door.root.id
  const replication = readReplication(document, { by, world: door.world })
  if (facts.versioning !== 'enabled')
    throw invalidRequest(
      "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
    )
  for (const rule of replication.rules) await assertDestination(call, rule)
  await door.objects.configure(bucket, 'replication', replication)
  return emptyResponse(200)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketReplication.html */
export const deleteBucketReplication = removalOf('replication')

/** A bucket of this store keeps versions too, is another one, and lets the caller in. Targets are the commit's to know. */
async function assertDestination(
  call: BucketCall,
  { prefix = '', filter, destination: { to } }: ReplicationRule,
): Promise<void> {
  if ('target' in to) return
  const name = parseBucketName(to.bucket)
  const target = await call.door.lookups.bucket(name)
  if (target === undefined) throw invalidRequest('Destination bucket must exist.')
  if (name === call.bucket)
    throw invalidRequest('Destination bucket must be another one than the source bucket.')
  if (target.versioning !== 'enabled')
    throw invalidRequest('Destination bucket must have versioning enabled.')
  // As a policy would give it: for all keys that begin so.
  const key = `${filter?.prefix ?? filter?.and?.prefix ?? prefix}*` as ObjectKey
  await admissionTo(call, name, { action: 's3:ReplicateObject', key })
}
