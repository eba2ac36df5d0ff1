/** Whether anybody on the way could have read a request. */
import type { HttpRequest } from '#http/message'
import { isLoopback } from '#http/peer'

/**
 * This is the one place that decides: what came through TLS is safe, and what has never left this machine; not what a proxy says it took in
 * clear. Who lies about that harms themselves.
 */
export function isSecure({
  peer,
  isEncrypted,
  headers,
}: Pick<HttpRequest, 'peer' | 'isEncrypted' | 'headers'>): boolean {
  const scheme = headers['x-forwarded-proto'] ?? 'https'
  return (isEncrypted || isLoopback(peer)) && scheme.trim().toLowerCase() === 'https'
}
