import type { BucketCall } from '#api/s3/call'
import { plainAddress } from '#http/peer'
import type { Origin } from '#object/origin'

/** Who asks, for those who follow the bucket; nothing where nobody does. */
export function originOf(
  { facts, caller, request }: Pick<BucketCall, 'facts' | 'caller' | 'request'>,
  means: Pick<Origin, 'means'> = {},
): { readonly origin?: Origin } {
  const { notification, replication } = facts.config
  if (notification === undefined && replication === undefined) return {}
  const principal = caller === undefined ? {} : { principal: caller.id }
  const peer = plainAddress(request.peer)
  return { origin: { ...principal, peer, requestId: request.id, ...means } }
}
