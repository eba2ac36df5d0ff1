/** Copies between stores: what another store says of what it sends, and what readers hear of a copy. */
import type { ObjectCall } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import { replicaHeader } from '#delivery/replica-header'
import type { Traits } from '#object/model'
import type { Origin } from '#object/origin'

/** Of a write. `s3/access-denied` to who may not replicate into the bucket. */
export function readReplicaMark(call: ObjectCall): Pick<Traits, 'replication'> {
  return isReplica(call, 's3:ReplicateObject') ? { replication: 'REPLICA' } : {}
}

/** Of a delete. `s3/access-denied` likewise. */
export function replicaMeans(call: ObjectCall): Pick<Origin, 'means'> {
  return isReplica(call, 's3:ReplicateDelete') ? { means: 'replication' } : {}
}

function isReplica({ headers, admission, key }: ObjectCall, action: string): boolean {
  if (headers[replicaHeader] === undefined) return false
  if (!admission.may({ action, key })) throw s3Fault('s3/access-denied')
  return true
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html */
export function replicationHeader({ replication }: Traits): Record<string, string> {
  return replication === undefined ? {} : { 'x-amz-replication-status': replication }
}
