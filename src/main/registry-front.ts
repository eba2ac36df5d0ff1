/**
 * The registry's listener: host first, then path, by one table; the first match wins.
 *
 *     /api/v1/…            the registry, on every host
 *     Host: HASH.DOMAIN    a link: 32 hexadecimal digits are its manifest's hash, the rest is where the registry is
 *     /health, /version, /metrics
 */
import { contentBase } from '#api/content/route'
import { parseManifestHash } from '#content/manifest-hash'
import type { HttpHandler } from '#http/message'
import { createStatusPages, pathOf, type StatusPagesOptions } from '#main/status-pages'

export interface RegistryFrontOptions extends Omit<StatusPagesOptions, 'door' | 'hint'> {
  /** Answers everything below `contentBase`. */
  readonly content: HttpHandler
}

export function createRegistryFront(options: RegistryFrontOptions): HttpHandler {
  const door = 'registry'
  const pages = createStatusPages({
    ...options,
    door,
    hint: `Try /health, /version, /metrics or ${contentBase}/openapi.json.`,
  })
  const links = createStatusPages({
    ...options,
    door,
    hint: 'This is the address of a link: mycdnctl download fetches what it leads to.',
  })
  return async (request) => {
    if (pathOf(request).startsWith(`${contentBase}/`)) return options.content(request)
    return isLink(request.headers['host']) ? links(request) : pages(request)
  }
}

function isLink(host = ''): boolean {
  const [first = '', ...rest] = host.split('.')
  return rest.length > 0 && parseManifestHash(first) !== undefined
}
