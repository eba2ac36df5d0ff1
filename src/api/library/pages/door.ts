/**
 * The pages of libraries on the wire. A browser is who its cookie says; a form counts only when one of our own pages sent it. Whatever a page shows of
 * strangers cannot run: nothing is loaded but what is served here, and no script stands in a page.
 */
import { answerBrowserFile } from '#api/browser-file'
import { clientAddress } from '#api/client-address'
import { includesEtag, parseEtags } from '#api/etags'
import { libraryDoorFault } from '#api/library/faults'
import { accountRoutes } from '#api/library/pages/account-routes'
import { advisoryRoutes } from '#api/library/pages/advisory-routes'
import { forgetLogin, readLogin } from '#api/library/pages/cookies'
import { deleteRoutes } from '#api/library/pages/delete-routes'
import { errorTitle, renderErrorPage } from '#api/library/pages/error-page'
import { readForm } from '#api/library/pages/form-body'
import { type Reader, renderPage } from '#api/library/pages/layout'
import { libraryPageRoutes } from '#api/library/pages/library-routes'
import { manageRoutes } from '#api/library/pages/manage-routes'
import { pageHeaders } from '#api/library/pages/page-headers'
import { homePath, signInPath, withQuery } from '#api/library/pages/paths'
import { quotaRoutes } from '#api/library/pages/quota-routes'
import {
  htmlType,
  type LibraryPagesOptions,
  type PageCall,
  type PageFiles,
  type PageRoute,
  seeOther,
} from '#api/library/pages/route'
import { isFromHere } from '#api/library/pages/same-origin'
import {
  answerSignedOn,
  answerSignOnRefused,
  signInRoutes,
} from '#api/library/pages/sign-in-routes'
import { teamRoutes } from '#api/library/pages/team-routes'
import { tellProblem } from '#api/library/problem'
import { budgetHeaders } from '#api/library/request-budgets'
import { strictTransport } from '#api/library/security-headers'
import { requestEnd } from '#api/request-end'
import { sha256HexOf } from '#crypto/digest'
import { isFault } from '#fault/fault'
import type { HttpHandler, HttpRequest, HttpResponse } from '#http/message'
import { parseTarget, percentDecode } from '#http/target'
import { type Actor, anonymous } from '#identity/actor'
import type { SignedOn } from '#identity/sign-on'

export const pageRoutes: readonly PageRoute[] = [
  ...signInRoutes,
  ...accountRoutes,
  ...teamRoutes,
  ...manageRoutes,
  ...deleteRoutes,
  ...advisoryRoutes,
  ...quotaRoutes,
  ...libraryPageRoutes,
]

/** What the log of a request learns while the request is understood. */
interface Trace {
  operation: string
  endpoint: string
  principal?: string
  caller?: string
  subject?: string
}

interface Asked {
  readonly parts: LibraryPagesOptions
  readonly pages: PageFiles
  readonly address: string
  readonly trace: Trace
}

/** Nobody knows at first who it is, and an error may come before. */
interface OpenReader extends Omit<Reader, 'actor'> {
  actor: Actor
}

export interface LibraryPages {
  /** Answers every path. */
  readonly answer: HttpHandler
  /** Where a browser goes on after signing in elsewhere. */
  signedOn(signedOn: SignedOn): HttpResponse
  /** What it is told when it comes back without. */
  signOnRefused(failure: unknown): HttpResponse
}

export function createLibraryPages(parts: LibraryPagesOptions): LibraryPages {
  const { world } = parts
  let files: PageFiles | undefined
  const read = (): PageFiles => {
    files ??= parts.readFiles()
    return files
  }
  return {
    answer: (request) => answerAndTell(request, parts, read),
    signedOn: (signedOn) =>
      answerSignedOn(signedOn, { reader: strangerTo(parts, read()), now: world.now() }),
    signOnRefused: (failure) => answerSignOnRefused(failure, strangerTo(parts, read())),
  }
}

function strangerTo({ accounts }: LibraryPagesOptions, { assets }: PageFiles): OpenReader {
  return { actor: anonymous, registration: accounts.registration.mode, assets }
}

async function answerAndTell(
  request: HttpRequest,
  parts: LibraryPagesOptions,
  read: () => PageFiles,
): Promise<HttpResponse> {
  const { world, telemetry } = parts
  const startedAt = world.monotonic()
  const address = clientAddress(request, parts.isProxy)
  const trace: Trace = { operation: 'Unknown', endpoint: 'unknown' }
  const asked = { parts, pages: read(), address, trace }
  const { response, failure } = await answerAlways(request, asked)
  const { traceparent } = request.headers
  return {
    ...response,
    headers: {
      ...pageHeaders,
      ...(request.isEncrypted ? strictTransport : {}),
      ...response.headers,
      'x-request-id': request.id,
    },
    onEnd: (outcome) => {
      response.onEnd?.(outcome)
      const { bytesOut } = outcome
      telemetry.requestEnded({
        door: 'libraries',
        ...trace,
        peer: address,
        ...(traceparent === undefined ? {} : { traceparent }),
        ...requestEnd(request, { response, failure, bytesOut, ms: world.monotonic() - startedAt }),
      })
    },
  }
}

async function answerAlways(
  request: HttpRequest,
  asked: Asked,
): Promise<{ readonly response: HttpResponse; readonly failure?: unknown }> {
  const { parts, pages, address } = asked
  const reader = strangerTo(parts, pages)
  try {
    parts.rates.admitAddress(address)
    const response = await answer(request, asked, reader)
    return { response: finish(request, response) }
  } catch (failure) {
    parts.rates.noteFailure(address, failure)
    return { response: answerError(request, failure, reader), failure }
  }
}

async function answer(
  request: HttpRequest,
  { parts, pages, address, trace }: Asked,
  reader: OpenReader,
): Promise<HttpResponse> {
  const target = parseTarget(request.target)
  const file = pages.files.get(target.rawPath)
  if (file !== undefined) return answerBrowserFile(request, file)
  const { route, names } = findRoute(request.method, target.rawPath)
  trace.operation = route.operation
  trace.endpoint = route.path
  if (Object.keys(names).length > 0) trace.subject = Object.values(names).join(' ')
  if (route.method === 'POST' && !isFromHere(request, parts))
    throw libraryDoorFault('library-door/foreign-form')
  const { actor, isOver } = await whoAsks(request, parts, address)
  reader.actor = actor
  if (actor.kind === 'user') {
    trace.principal = actor.token.id
    trace.caller = actor.id
    parts.onUse(actor)
  }
  const spent = await parts.budgets.take(route.budget, { actor, address })
  if (spent?.retryAfterS !== undefined)
    throw libraryDoorFault('library-door/budget-spent', { retry_after: spent.retryAfterS })
  if (actor.kind === 'anonymous' && !parts.anonymousRead && route.isOpen !== true)
    return seeOther(withQuery(signInPath, { next: request.target }))
  const call: PageCall = {
    parts,
    request,
    actor,
    reader: { assets: reader.assets, registration: reader.registration, actor },
    names,
    query: new Map(target.query.map(({ name, value }) => [name, value])),
    path: target.rawPath,
    form: route.method === 'POST' ? await readForm(request) : new Map(),
    address,
  }
  const response = await route.run(call)
  return {
    ...response,
    headers: {
      ...budgetHeaders(spent),
      ...(isOver ? { 'set-cookie': forgetLogin } : {}),
      ...response.headers,
    },
  }
}

/** A cookie that is good for nothing any more is nobody's. */
async function whoAsks(
  request: HttpRequest,
  { accounts }: LibraryPagesOptions,
  address: string,
): Promise<{ readonly actor: Actor; readonly isOver: boolean }> {
  const login = readLogin(request.headers['cookie'])
  if (login === undefined || login === '') return { actor: anonymous, isOver: false }
  const agent = request.headers['user-agent']
  try {
    const from = { address, ...(agent === undefined ? {} : { agent }) }
    return { actor: await accounts.tokens.authenticate(login, from), isOver: false }
  } catch (error) {
    if (!isFault(error, 'identity/unknown-token', 'identity/expired-token')) throw error
    return { actor: anonymous, isOver: true }
  }
}

interface Found {
  readonly route: PageRoute
  readonly names: Readonly<Record<string, string>>
}

/** `library-door/no-such-page`, `library-door/wrong-method` */
function findRoute(method: string, rawPath: string): Found {
  const path = rawPath.length > 1 ? rawPath.replace(/\/$/, '') : rawPath
  const segments = path.split('/')
  const known = pageRoutes.flatMap((route): readonly Found[] => {
    const names = match(route.path.split('/'), segments)
    return names === undefined ? [] : [{ route, names }]
  })
  const wanted = method === 'HEAD' ? 'GET' : method
  const found = known.find(({ route }) => route.method === wanted)
  if (found !== undefined) return found
  if (known.length === 0) throw libraryDoorFault('library-door/no-such-page')
  const allowed = known.flatMap(({ route }) =>
    route.method === 'GET' ? ['GET', 'HEAD'] : ['POST'],
  )
  throw libraryDoorFault('library-door/wrong-method', { allowed: [...new Set(allowed)].join(', ') })
}

function match(
  wanted: readonly string[],
  asked: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const names: Record<string, string> = {}
  const isOpen = wanted.at(-1)?.endsWith('*}') === true
  if (isOpen ? asked.length < wanted.length : asked.length !== wanted.length) return undefined
  for (const [at, pattern] of wanted.entries()) {
    const [, sign = '', name, rest] = /^(@?)\{(\w+)(\*?)\}$/.exec(pattern) ?? []
    const segment = rest === '*' ? asked.slice(at).join('/') : (asked[at] ?? '')
    if (name === undefined) {
      if (pattern !== segment) return undefined
      continue
    }
    const decoded = percentDecode(segment)
    if (decoded === '' || !decoded.startsWith(sign)) return undefined
    names[name] = decoded.slice(sign.length)
  }
  return names
}

/** Pages are asked for anew each time, and are sent only when they have changed. */
function finish(request: HttpRequest, response: HttpResponse): HttpResponse {
  const { headers, body, status } = response
  const cached = { 'cache-control': 'private, no-cache', vary: 'Cookie', ...headers }
  const isPage = status === 200 && headers['content-type'] === htmlType
  if (!isPage || typeof body !== 'string' || request.method === 'POST' || 'set-cookie' in headers)
    return { ...response, headers: cached }
  const etag = sha256HexOf(Buffer.from(body)).slice(0, 32)
  const known = parseEtags(request.headers['if-none-match'])
  const kept = { ...cached, etag: `"${etag}"` }
  if (known !== undefined && includesEtag(known, etag)) return { status: 304, headers: kept }
  return { ...response, headers: kept }
}

/** What is absent and what is private give the same bytes. */
function answerError(request: HttpRequest, error: unknown, reader: Reader): HttpResponse {
  const { status, text, details } = tellProblem(error)
  const { actor } = reader
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (status === 401 && isRead && actor.kind === 'anonymous')
    return seeOther(withQuery(signInPath, { next: request.target }))
  const main = renderErrorPage(status, {
    sentence:
      status === 404 || status >= 500 || isFault(error, 'library/denied') ? undefined : text,
    path: isRead ? request.target : homePath,
    isSignedIn: actor.kind === 'user',
    requestId: request.id,
  })
  const seconds = details?.['retry_after']
  return {
    status,
    headers: {
      'content-type': htmlType,
      'cache-control': 'no-store',
      ...(status === 405 ? { allow: String(details?.['allowed']) } : {}),
      ...(status === 429 && seconds !== undefined ? { 'retry-after': String(seconds) } : {}),
    },
    body: renderPage({ title: errorTitle(status), main }, reader),
  }
}
