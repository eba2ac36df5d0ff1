/** Whether a form was sent by a page of ours. Browsers say where a form comes from, and no page can make them lie. */
import type { HttpRequest } from '#http/message'
import { isLoopback } from '#http/peer'

interface OwnOrigin {
  /** Where people reach it. */
  readonly publicUrl: string | undefined
  readonly isProxy: (address: string) => boolean
}

export function isFromHere(request: HttpRequest, own: OwnOrigin): boolean {
  const { origin } = request.headers
  return origin !== undefined && (origin === originOf(request, own) || origin === publicOrigin(own))
}

/** Where the browser believes this server to be. */
function originOf(request: HttpRequest, own: OwnOrigin): string {
  return `${isSecure(request, own) ? 'https' : 'http'}://${request.headers['host'] ?? ''}`
}

/** As browsers write it: without a path, nor a port that goes without saying. */
function publicOrigin({ publicUrl }: OwnOrigin): string | undefined {
  return publicUrl === undefined ? undefined : new URL(publicUrl).origin
}

/** By TLS that ends here, or at a proxy of ours. */
function isSecure({ isEncrypted, headers, peer }: HttpRequest, { isProxy }: OwnOrigin): boolean {
  return isEncrypted || (isProxy(peer) && headers['x-forwarded-proto'] === 'https')
}

/** Whether a browser that asks so keeps cookies that are for secure connections. Not every proxy says how it was asked; but where people come from is known. */
export function keepsCookies(request: HttpRequest, own: OwnOrigin): boolean {
  const { host: asked = '' } = request.headers
  const name = asked.replace(/:\d+$/, '') // a cookie knows no port
  if (isSecure(request, own) || isSecurePlace(name, own)) return true
  const host = name.replace(/^\[(.*)\]$/, '$1')
  return host === 'localhost' || host.endsWith('.localhost') || isLoopback(host)
}

function isSecurePlace(name: string, { publicUrl }: OwnOrigin): boolean {
  if (publicUrl === undefined) return false
  const { protocol, hostname } = new URL(publicUrl)
  return protocol === 'https:' && hostname === name.toLowerCase()
}
