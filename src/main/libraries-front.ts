/**
 * The listener of `mycelium libraries`: by path, by one table; the first match wins.
 *
 *     /api/v1/…            the API
 *     /health, /readyz     200 or 503
 *     /healthz             200 while the program runs
 *     /version, /metrics
 *     everything else      pages for people
 */
import { apiBase } from '#api/bases'
import type { HttpHandler } from '#http/message'
import {
  createStatusPages,
  isStatusPage,
  pathOf,
  type StatusPagesOptions,
} from '#main/status-pages'

export interface LibrariesFrontOptions extends Omit<StatusPagesOptions, 'door' | 'hint'> {
  /** Answers everything below `apiBase`. */
  readonly api: HttpHandler
  /** Answers everything that nothing else does. */
  readonly pages: HttpHandler
}

export function createLibrariesFront(options: LibrariesFrontOptions): HttpHandler {
  const status = createStatusPages({ ...options, door: 'libraries', hint: '' })
  return async (request) => {
    const path = pathOf(request)
    if (path.startsWith(`${apiBase}/`)) return options.api(request)
    return isStatusPage(path) ? status(request) : options.pages(request)
  }
}
