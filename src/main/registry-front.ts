/**
 * The registry's listener: host first, then path, by one table; the first match wins.
 *
 *     /api/v1/…            the registry, on every host
 *     Host: HASH.DOMAIN    a link: 32 hexadecimal digits are its manifest's hash, the rest is where the registry is; the page that shows it
 *     /health, /version, /metrics
 */
import { contentBase } from '#api/content/route'
import { createViewer } from '#api/content/viewer'
import { parseManifestHash } from '#content/manifest-hash'
import type { HttpHandler } from '#http/message'
import {
  answerCounted,
  createStatusPages,
  pathOf,
  type StatusPagesOptions,
} from '#main/status-pages'
import { readViewerFiles } from '#main/viewer-files'

export interface RegistryFrontOptions extends Omit<StatusPagesOptions, 'door' | 'hint'> {
  /** Answers everything below `contentBase`. */
  readonly content: HttpHandler
}

export function createRegistryFront(options: RegistryFrontOptions): HttpHandler {
  const door = 'registry' as const
  const pages = createStatusPages({
    ...options,
    door,
    hint: `Try /health, /version, /metrics or ${contentBase}/openapi.json.`,
  })
  const links = { ...options, door, answer: createViewer(readViewerFiles) } as const
  return async (request) => {
    if (pathOf(request).startsWith(`${contentBase}/`)) return options.content(request)
    if (!isLink(request.headers['host'])) return pages(request)
    return answerCounted(request, 'ViewLink', links)
  }
}

function isLink(host = ''): boolean {
  const [first = '', ...rest] = host.split('.')
  return rest.length > 0 && parseManifestHash(first) !== undefined
}
