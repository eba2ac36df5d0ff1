/**
 * The listener on 8080 (ruling D1): one table of routes, first match wins. The same table stands in ARCHITECTURE.md.
 *
 *     /health     200 or 503; JSON for `Accept: application/json`, else `OK` or `UNAVAILABLE`
 *     /version    `mycelium/<version>`
 *     /metrics    Prometheus text
 *     /s3         the S3 door, path-style, without credentials from this machine
 */
import type { HttpHandler, HttpRequest, HttpResponse } from '#http/message'

export interface Health {
  /** False when a write would be refused. */
  readonly isHealthy: boolean
  /** What is not as it should be. */
  readonly warnings: readonly string[]
  readonly facts: Readonly<Record<string, string | number | boolean>>
}

export interface FrontOptions {
  readonly version: string
  readonly health: () => Health
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>
  /** Answers everything below `/s3`. */
  readonly s3: HttpHandler
}

interface Route {
  readonly path: string
  /** Everything below `path` too. */
  readonly isMount: boolean
  readonly handle: HttpHandler
}

export function createFront(options: FrontOptions): HttpHandler {
  const routes: readonly Route[] = [
    {
      path: '/health',
      isMount: false,
      handle: readOnly((request) => tellHealth(options, request)),
    },
    { path: '/version', isMount: false, handle: readOnly(() => tellVersion(options)) },
    { path: '/metrics', isMount: false, handle: readOnly(() => tellMetrics(options)) },
    { path: '/s3', isMount: true, handle: options.s3 },
  ]
  return (request) => {
    const path = request.target.split('?', 1)[0] ?? ''
    const route = routes.find(
      ({ path: own, isMount }) => path === own || (isMount && path.startsWith(`${own}/`)),
    )
    return route === undefined ? Promise.resolve(notFound) : route.handle(request)
  }
}

const plainText = { 'content-type': 'text/plain; charset=utf-8' }
const notFound: HttpResponse = {
  status: 404,
  headers: plainText,
  body: 'Nothing is here. Try /health, /version, /metrics or /s3/BUCKET/KEY.\n',
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
  const { isHealthy, warnings, facts } = health()
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
