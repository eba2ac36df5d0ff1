import type { HttpRequest } from '#http/message'
import { isLoopback } from '#http/peer'

export interface AnonymousGuests {
  /** Peers beyond loopback whom the operator trusts with everything, by their address. */
  readonly alsoFrom: (peer: string) => boolean
}

/**
 * Whether an unsigned request provably comes from a program that may do everything and meant us: the peer is this machine or trusted by name
 * of its network, the name it used for us is no name of the public DNS (which could be rebound), and neither a browser page nor a proxy speaks
 * for somebody else.
 */
export function isGuest(
  { peer, headers }: Pick<HttpRequest, 'peer' | 'headers'>,
  { alsoFrom }: AnonymousGuests,
): boolean {
  const host = (headers['host'] ?? '').replace(/:\d+$/, '').toLowerCase()
  return (
    ((isLoopback(peer) && isThisMachine(host)) || (alsoFrom(peer) && isOfTheNetwork(host))) &&
    !Object.keys(headers).some(speaksForAnother)
  )
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]'
}

/** An address, or a name without a dot, as of a container: names that others can give addresses to have one. */
function isOfTheNetwork(host: string): boolean {
  return /^(?:\d+\.\d+\.\d+\.\d+|\[[\da-f:.]+\]|[a-z\d_-]+)$/.test(host)
}

function speaksForAnother(header: string): boolean {
  return (
    header === 'origin' ||
    header === 'forwarded' ||
    header === 'via' ||
    header.startsWith('x-forwarded-')
  )
}
