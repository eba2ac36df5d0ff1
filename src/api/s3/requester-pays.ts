/** Buckets whose requesters pay. https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html */
import type { BucketCall, Call } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import type { BucketFacts } from '#object/model'

/** Nobody is billed; but who has not said that he would pay is kept out, as clients of S3 expect it. `s3/access-denied` */
export function assertPays(
  call: Pick<Call, 'door' | 'caller' | 'headers'>,
  facts: BucketFacts,
): void {
  if (!isOthersToPay(call, facts)) return
  const says = call.headers['x-amz-request-payer'] === 'requester'
  if (call.caller === undefined || !says) throw s3Fault('s3/access-denied')
}

/** Of the answer to somebody who has said that he would. */
export function chargeHeaders(
  call: Pick<BucketCall, 'door' | 'caller' | 'facts'>,
): Record<string, string> | undefined {
  return isOthersToPay(call, call.facts) ? { 'x-amz-request-charged': 'requester' } : undefined
}

function isOthersToPay(
  { door, caller }: Pick<Call, 'door' | 'caller'>,
  { config, owner = door.root.id }: BucketFacts,
): boolean {
  return config.payer === 'Requester' && caller?.isRoot !== true && caller?.id !== owner
}
