/** Whether a form was sent by a page of ours. Browsers say where a form comes from, and no page can make them lie. */
import type { HttpRequest } from '#http/message'
import { isLoopback } from '#http/peer'

interface OwnOrigin {
  /** Without a slash at the end. */
  readonly publicUrl: string | undefined
  readonly isProxy: (address: string) => boolean
}

export function isFromHere(request: HttpRequest, own: OwnOrigin): boolean {
  const { origin } = request.headers
  return origin !== undefined && (origin === originOf(request, own) || origin === own.publicUrl)
}

/** Where the browser believes this server to be. */
export function originOf(request: HttpRequest, own: OwnOrigin): string {
  return `${isSecure(request, own) ? 'https' : 'http'}://${request.headers['host'] ?? ''}`
}

/** By TLS that ends here, or at a proxy of ours. */
function isSecure({ isEncrypted, headers, peer }: HttpRequest, { isProxy }: OwnOrigin): boolean {
  return isEncrypted || (isProxy(peer) && headers['x-forwarded-proto'] === 'https')
}

/** Whether a browser that asks so keeps cookies that are for secure connections. */
export function keepsCookies(request: HttpRequest, own: OwnOrigin): boolean {
  if (isSecure(request, own)) return true
  const host = (request.headers['host'] ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return host === 'localhost' || host.endsWith('.localhost') || isLoopback(host)
}
