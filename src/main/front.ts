/**
 * The listener on 8080: host first, then path, by one table; the first match wins. The same table stands in ARCHITECTURE.md.
 *
 *     Host: BUCKET.s3-website.localhost   the bucket as a website, and below --website-domain
 *     Host: BUCKET.localhost   the S3 door, virtual-host style, signed, and below each --s3-domain
 *     /health, /readyz         200 or 503; JSON for `Accept: application/json`, else `OK` or `UNAVAILABLE`
 *     /healthz                 200 while the program runs
 *     /version                 `mycelium/<version>`
 *     /metrics                 Prometheus text
 *     /admin/v1                the admin API, signed by the root user
 *     /api/v1                  libraries, and the people who publish them, by bearer tokens
 *     /s3                      the S3 door, path-style, without credentials from this machine
 *     anything else            libraries as pages for people
 */
import { adminBase, apiBase } from '#api/bases'
import { bucketOfHost } from '#api/s3/address'
import type { HttpHandler } from '#http/message'
import {
  createStatusPages,
  isStatusPage,
  pathOf,
  type StatusPagesOptions,
} from '#main/status-pages'

export interface FrontOptions extends Omit<StatusPagesOptions, 'door' | 'hint'> {
  /** Answers everything below `/admin/v1`. */
  readonly admin: HttpHandler
  /** Answers everything below `/api/v1`. */
  readonly libraries: HttpHandler
  /** Answers everything that nothing else does. */
  readonly pages: HttpHandler
  /** Answers everything below `/s3`. */
  readonly local: HttpHandler
  /** Answers requests to any host below one of `domains`. */
  readonly s3: HttpHandler
  readonly domains: readonly string[]
  /** Answers requests to any host below one of `websiteDomains`. */
  readonly websites: HttpHandler
  readonly websiteDomains: readonly string[]
}

/** Counts what it answers itself; the doors count their own. */
export function createFront(options: FrontOptions): HttpHandler {
  const status = createStatusPages({ ...options, door: 'admin', hint: '' })
  return async (request) => {
    const { host = '' } = request.headers
    if (bucketOfHost(host, options.websiteDomains) !== undefined) return options.websites(request)
    if (bucketOfHost(host, options.domains) !== undefined) return options.s3(request)
    const path = pathOf(request)
    if (path.startsWith(`${adminBase}/`)) return options.admin(request)
    if (path.startsWith(`${apiBase}/`)) return options.libraries(request)
    if (path === '/s3' || path.startsWith('/s3/')) return options.local(request)
    return isStatusPage(path) ? status(request) : options.pages(request)
  }
}
