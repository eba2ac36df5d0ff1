/** Pages about a program itself, for people, balancers and collectors: `/health`, `/version`, `/metrics`. */
import { requestEnd } from '#api/request-end'
import type { HttpHandler, HttpRequest, HttpResponse } from '#http/message'
import type { RequestEnded, Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface Health {
  /** False when a write would be refused. */
  readonly isHealthy: boolean
  /** What is not as it should be. */
  readonly warnings: readonly string[]
  /** `status` among them is a word of its own in place of `ok` and `unavailable`. */
  readonly facts: Readonly<Record<string, unknown>>
}

export interface StatusPagesOptions {
  /** Whose numbers its own requests count among. */
  readonly door: RequestEnded['door']
  readonly version: string
  readonly health: () => Promise<Health>
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>
  /** What else there is, for whoever asks for nothing of it. */
  readonly hint: string
  readonly world: World
  readonly telemetry: Telemetry
}

/** `/readyz` is another name of `/health`; `/healthz` says that the program runs, whatever it stands on does. */
const paths = ['/health', '/readyz', '/healthz', '/version', '/metrics'] as const
type StatusPath = (typeof paths)[number]

export function isStatusPage(path: string): path is StatusPath {
  return paths.some((known) => known === path)
}

/** Answers every path, and counts it; 404 for what is no page. */
export function createStatusPages(options: StatusPagesOptions): HttpHandler {
  const health: Page = { operation: 'Health', answer: (request) => tellHealth(options, request) }
  const pages: Readonly<Record<StatusPath, Page>> = {
    '/health': health,
    '/readyz': health,
    '/healthz': { operation: 'Health', answer: async () => alive },
    '/version': { operation: 'Version', answer: () => tellVersion(options) },
    '/metrics': { operation: 'Metrics', answer: () => tellMetrics(options) },
  }
  const notFound = { status: 404, headers: plainText, body: `Nothing is here. ${options.hint}\n` }
  return async (request) => {
    const path = pathOf(request)
    const page = isStatusPage(path) ? pages[path] : undefined
    return answerCounted(request, page?.operation ?? 'Unknown', {
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
export function pathOf({ target }: HttpRequest): string {
  return target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] ?? ''
}

/** What `answer` does, as a request that logs and metrics know of. */
export async function answerCounted(
  request: HttpRequest,
  operation: string,
  {
    answer,
    door,
    world,
    telemetry,
  }: Pick<StatusPagesOptions, 'door' | 'world' | 'telemetry'> & { readonly answer: HttpHandler },
): Promise<HttpResponse> {
  const startedAt = world.monotonic()
  const response = await answer(request)
  return {
    ...response,
    headers: { ...response.headers, 'x-amz-request-id': request.id },
    onEnd: ({ bytesOut }) =>
      telemetry.requestEnded({
        door,
        operation,
        ...requestEnd(request, { response, bytesOut, ms: world.monotonic() - startedAt }),
      }),
  }
}

const plainText = { 'content-type': 'text/plain; charset=utf-8' }
const alive: HttpResponse = {
  status: 200,
  headers: { ...plainText, 'cache-control': 'no-store' },
  body: 'OK',
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

async function tellHealth(
  { health }: StatusPagesOptions,
  request: HttpRequest,
): Promise<HttpResponse> {
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

async function tellVersion({ version }: StatusPagesOptions): Promise<HttpResponse> {
  return { status: 200, headers: plainText, body: `mycelium/${version}` }
}

async function tellMetrics({ metrics }: StatusPagesOptions): Promise<HttpResponse> {
  const { text, contentType } = await metrics()
  return { status: 200, headers: { 'content-type': contentType }, body: text }
}
