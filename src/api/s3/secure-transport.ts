/** Whether anybody on the way could have read a request. */
import type { HttpRequest } from '#http/message'

/** This is the one place that decides: there is no TLS listener, so only what has never left this machine is safe. */
export function isSecure({ peer }: Pick<HttpRequest, 'peer'>): boolean {
  return isLoopback(peer)
}

export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address) || address === '::1'
}
