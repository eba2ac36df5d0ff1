/** Where a registry is: its scheme, host and port. A token belongs to one of them. */
import { mdlibsFault } from '#cli/mdlibs/faults'

/** Where `mycelium libraries` and `mycelium up` listen unless they are told otherwise. */
export const originDefault = 'http://127.0.0.1:8080'

/** What people copy along with the address. */
const apiPaths = ['/', '/api/v1', '/api/v1/']

/** `https://libraries.example`. `mdlibs/malformed-registry` */
export function parseOrigin(text: string): string {
  const url = URL.parse(text)
  const refuse = (reason: string): never => {
    throw mdlibsFault('mdlibs/malformed-registry', { url: text, reason })
  }
  if (url === null) return refuse('it is no URL')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return refuse('it begins neither with https:// nor with http://')
  }
  if (url.username !== '' || url.password !== '') {
    return refuse('a user name or password must not stand in it')
  }
  if (!apiPaths.includes(url.pathname) || url.search !== '' || url.hash !== '') {
    return refuse('a registry has no path: it ends behind its host or port')
  }
  return url.origin
}

/** Whether it is this machine. */
export function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin)
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname) ||
    hostname === '[::1]'
  )
}
