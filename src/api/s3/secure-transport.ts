/** Whether anybody on the way could have read a request. */
import type { HttpRequest } from '#http/message'

/**
 * This is the one place that decides: there is no TLS listener, so only what has never left this machine is safe, or what a proxy here
 * says it took over TLS. Who lies about that harms themselves.
 */
export function isSecure({ peer, headers }: Pick<HttpRequest, 'peer' | 'headers'>): boolean {
  const scheme = headers['x-forwarded-proto'] ?? 'https'
  return isLoopback(peer) && scheme.trim().toLowerCase() === 'https'
}

export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address) || address === '::1'
}
