/**
 * The listener on 8080: host first, then path, by one table; the first match wins. The same table stands in ARCHITECTURE.md.
 *
 *     Host: BUCKET.s3-website.localhost   the bucket as a website, and below --website-domain
 *     Host: BUCKET.localhost   the S3 door, virtual-host style, signed, and below each --s3-domain
 *     /health                  200 or 503; JSON for `Accept: application/json`, else `OK` or `UNAVAILABLE`
 *     /version                 `mycelium/<version>`
 *     /metrics                 Prometheus text
 *     /admin/v1                the admin API, signed by the root user
 *     /s3                      the S3 door, path-style, without credentials from this machine
 */
import { adminBase } from '#api/admin/door'
import { bucketOfHost } from '#api/s3/address'
import type { HttpHandler, HttpRequest, HttpResponse } from '#http/message'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface Health {
  /** False when a write would be refused. */
  readonly isHealthy: boolean
  /** What is not as it should be. */
  readonly warnings: readonly string[]
  readonly facts: Readonly<Record<string, string | number | boolean>>
}

export interface FrontOptions {
  readonly version: string
  readonly health: () => Promise<Health>
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>
  /** Answers everything below `/admin/v1`. */
  readonly admin: HttpHandler
  /** Answers everything below `/s3`. */
  readonly local: HttpHandler
  /** Answers requests to any host below one of `domains`. */
  readonly s3: HttpHandler
  readonly domains: readonly string[]
  /** Answers requests to any host below one of `websiteDomains`. */
  readonly websites: HttpHandler
  readonly websiteDomains: readonly string[]
  readonly world: World
  readonly telemetry: Telemetry
}

/** Counts what it answers itself; the doors count their own. */
export function createFront(options: FrontOptions): HttpHandler {
  const pages: Readonly<Record<string, Page>> = {
    '/health': { operation: 'Health', answer: (request) => tellHealth(options, request) },
    '/version': { operation: 'Version', answer: () => tellVersion(options) },
    '/metrics': { operation: 'Metrics', answer: () => tellMetrics(options) },
  }
  return async (request) => {
    const { host = '' } = request.headers
    if (bucketOfHost(host, options.websiteDomains) !== undefined) return options.websites(request)
    if (bucketOfHost(host, options.domains) !== undefined) return options.s3(request)
    const path = pathOf(request)
    if (path.startsWith(`${adminBase}/`)) return options.admin(request)
    if (path === '/s3' || path.startsWith('/s3/')) return options.local(request)
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined
    return counted(request, page?.operation ?? 'Unknown', {
      ...options,
      answer: page === undefined ? async () => notFound : readOnly(page.answer),
    })
  }
}

interface Page {
  readonly operation: string
  readonly answer: HttpHandler
}

/** Without its query, and without the host of a target in absolute form (RFC 9112 section 3.2.2). */
function pathOf({ target }: HttpRequest): string {
  return target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] ?? ''
}

async function counted(
  request: HttpRequest,
  operation: string,
  {
    answer,
    world,
    telemetry,
  }: { readonly answer: HttpHandler; readonly world: World; readonly telemetry: Telemetry },
): Promise<HttpResponse> {
  const startedAt = world.monotonic()
  const response = await answer(request)
  const { id: requestId, method, body } = request
  return {
    ...response,
    headers: { ...response.headers, 'x-amz-request-id': requestId },
    onEnd: ({ bytesOut }) =>
      telemetry.requestEnded({
        door: 'admin',
        requestId,
        operation,
        method,
        status: response.status,
        bytesIn: body.received,
        bytesOut,
        ms: world.monotonic() - startedAt,
      }),
  }
}

const plainText = { 'content-type': 'text/plain; charset=utf-8' }
const notFound: HttpResponse = {
  status: 404,
  headers: plainText,
  body: 'Nothing is here. Try /health, /version, /metrics, /admin/v1/openapi.json or /s3/BUCKET/KEY.\n',
}
const notAllowed: HttpResponse = {
  status: 405,
  headers: { ...plainText, allow: 'GET, HEAD' },
  body: 'Only GET and HEAD are answered here.\n',
}

function readOnly(answer: (request: HttpRequest) => Promise<HttpResponse>): HttpHandler {
  return async (request) =>
    request.method === 'GET' || request.method === 'HEAD' ? answer(request) : notAllowed
}

async function tellHealth({ health }: FrontOptions, request: HttpRequest): Promise<HttpResponse> {
  const { isHealthy, warnings, facts } = await health()
  const status = isHealthy ? 200 : 503
  const headers = { 'cache-control': 'no-store' }
  if (!/\bapplication\/json\b/.test(request.headers['accept'] ?? '')) {
    const body = isHealthy ? 'OK' : 'UNAVAILABLE'
    return { status, headers: { ...headers, ...plainText }, body }
  }
  const body = JSON.stringify({ status: isHealthy ? 'ok' : 'unavailable', ...facts, warnings })
  return { status, headers: { ...headers, 'content-type': 'application/json' }, body }
}

async function tellVersion({ version }: FrontOptions): Promise<HttpResponse> {
  return { status: 200, headers: plainText, body: `mycelium/${version}` }
}

async function tellMetrics({ metrics }: FrontOptions): Promise<HttpResponse> {
  const { text, contentType } = await metrics()
  return { status: 200, headers: { 'content-type': contentType }, body: text }
}
