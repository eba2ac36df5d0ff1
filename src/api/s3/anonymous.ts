import type { HttpRequest } from '#http/message'

/**
 * Whether an unsigned request provably comes from a program of this machine that meant us: the peer is loopback, the name it used is
 * ours (a rebound DNS name is not), and neither a browser page nor a proxy speaks for somebody else.
 */
export function isLocalUser({ peer, headers }: Pick<HttpRequest, 'peer' | 'headers'>): boolean {
  const host = (headers['host'] ?? '').replace(/:\d+$/, '').toLowerCase()
  return (
    isLoopback(peer) &&
    (host === 'localhost' || host === '127.0.0.1' || host === '[::1]') &&
    !Object.keys(headers).some(speaksForAnother)
  )
}

function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address) || address === '::1'
}

function speaksForAnother(header: string): boolean {
  return (
    header === 'origin' ||
    header === 'forwarded' ||
    header === 'via' ||
    header.startsWith('x-forwarded-')
  )
}
