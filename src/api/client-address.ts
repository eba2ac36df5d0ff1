/** Who asks, when proxies of ours stand between. Pure. */
import type { HttpRequest } from '#http/message'

/**
 * The address nearest to us that is none of our proxies: each of them has written down whom it heard, behind what it was told
 * (`X-Forwarded-For`), and what strangers wrote in front of that is not believed.
 */
export function clientAddress(
  { peer, headers }: Pick<HttpRequest, 'peer' | 'headers'>,
  isProxy: (address: string) => boolean,
): string {
  if (!isProxy(peer)) return peer
  const hops = (headers['x-forwarded-for'] ?? '').split(',').map((hop) => hop.trim())
  return hops.findLast((hop) => hop !== '' && !isProxy(hop)) ?? peer
}
