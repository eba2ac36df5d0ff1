/** The registry of libraries on the wire: one table of operations behind bearer tokens, whichever domain each of them is of. */

import { apiBase } from '#api/bases'
import { clientAddress } from '#api/client-address'
import {
  answerPreflight,
  type CrossOrigins,
  crossOriginHeaders,
  exposedHeaders,
} from '#api/cross-origin'
import { answerDocument } from '#api/library/document'
import { libraryDoorFault } from '#api/library/faults'
import { type FoundRoute, RouteTable } from '#api/library/find-route'
import { describeLibraries } from '#api/library/openapi'
import { problemOf } from '#api/library/problem'
import { problemCodes } from '#api/library/problem-codes'
import { readBody, readQuery } from '#api/library/read-request'
import { type BudgetState, budgetHeaders, type RequestBudgets } from '#api/library/request-budgets'
import { securityHeaders, strictTransport } from '#api/library/security-headers'
import type { RateLimits } from '#api/rate-limits'
import { requestEnd } from '#api/request-end'
import type { BoundRoute, RestCall } from '#api/rest-route'
import type { HttpHandler, HttpRefusal, HttpRequest, HttpResponse } from '#http/message'
import { parseTarget, percentDecode, type RequestTarget } from '#http/target'
import { type Actor, anonymous, type UserActor } from '#identity/actor'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface LibraryDoorOptions {
  readonly routes: readonly BoundRoute[]
  /** Whose the token is. `identity/unknown-token`, `identity/expired-token` */
  readonly authenticate: (
    token: string,
    from: { readonly address: string; readonly agent?: string },
  ) => Promise<UserActor>
  /** Whether whoever has no token may read what is public. */
  readonly anonymousRead: boolean
  readonly budgets: RequestBudgets
  /** Who guesses tokens is not listened to for a while. */
  readonly rates: RateLimits
  readonly crossOrigins: CrossOrigins
  /** Whether what comes from there says truly for whom (`X-Forwarded-For`). */
  readonly isProxy: (address: string) => boolean
  /** Somebody with a token has asked for something. */
  readonly onUse: (actor: UserActor) => void
  readonly version: string
  readonly world: World
  readonly telemetry: Telemetry
}

/** What the log of a request learns while the request is understood. */
interface Trace {
  operation: string
  endpoint: string
  principal?: string
  caller?: string
  subject?: string
  budget?: BudgetState | undefined
  /** Of the operation, which may know how people are told. */
  refuse?: (failure: unknown) => HttpResponse | undefined
}

const exposed = `${exposedHeaders}, Content-Disposition, Deprecation, Link, Repr-Digest, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id`

/** Answers everything below `apiBase`. */
export function createLibraryDoor(door: LibraryDoorOptions): HttpHandler {
  const { world, telemetry } = door
  const table = new RouteTable(door.routes)
  const pages = {
    '/openapi.json': JSON.stringify(describeLibraries(door.routes, door)),
    '/problems': JSON.stringify({ problems: problemCodes }),
  }
  return async (request) => {
    const startedAt = world.monotonic()
    const address = clientAddress(request, door.isProxy)
    const trace: Trace = { operation: 'Unknown', endpoint: 'unknown' }
    let response: HttpResponse
    let failure: unknown
    try {
      door.rates.admitAddress(address)
      response = await answer(request, { door, table, pages, trace, address })
    } catch (error) {
      failure = error
      door.rates.noteFailure(address, error)
      response = trace.refuse?.(error) ?? problemOf(error, request.id)
    }
    const { budget, refuse: _, ...told } = trace
    const { traceparent } = request.headers
    return {
      ...response,
      headers: {
        ...securityHeaders,
        ...(request.isEncrypted ? strictTransport : {}),
        ...crossOriginHeaders(door.crossOrigins, request.headers, exposed),
        ...budgetHeaders(budget),
        ...response.headers,
        'x-request-id': request.id,
        'x-amz-request-id': request.id, // S3's name for it, as all doors call it
      },
      onEnd: (outcome) => {
        response.onEnd?.(outcome)
        const { bytesOut } = outcome
        telemetry.requestEnded({
          door: 'libraries',
          ...told,
          peer: address,
          ...(traceparent === undefined ? {} : { traceparent }),
          ...requestEnd(request, {
            response,
            failure,
            bytesOut,
            ms: world.monotonic() - startedAt,
          }),
        })
      },
    }
  }
}

/** For requests that cannot be parsed. */
export const refuseRequest: HttpRefusal = (fault, requestId) => {
  const { headers, ...rest } = problemOf(fault, requestId)
  const ids = { 'x-request-id': requestId, 'x-amz-request-id': requestId }
  return { ...rest, headers: { ...headers, ...securityHeaders, ...ids } }
}

interface Parts {
  readonly door: LibraryDoorOptions
  readonly table: RouteTable
  /** Documents that are the same for everybody, by path. */
  readonly pages: Readonly<Record<string, string>>
  readonly trace: Trace
  readonly address: string
}

async function answer(request: HttpRequest, parts: Parts): Promise<HttpResponse> {
  const { door, table, pages, trace, address } = parts
  const target = parseTarget(request.target)
  const path = target.rawPath.slice(apiBase.length)
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined
  if (page !== undefined && isRead) {
    trace.operation = 'Describe'
    trace.endpoint = `${apiBase}${path}`
    return answerDocument(request, { status: 200, body: page, isForAll: true })
  }
  const found = chooseRoute(request, { table, path, door })
  if ('response' in found) return found.response
  const { route, names } = found
  trace.operation = route.operation
  trace.endpoint = `${apiBase}${route.path}`
  tellSubject(trace, Object.values(names))
  if ('respond' in route) trace.refuse = (failure) => route.refuse?.(undefined, failure, request)
  const actor = await whoAsks(request, parts)
  trace.budget = await door.budgets.take(route.budget, { actor, address })
  const { retryAfterS } = trace.budget ?? {}
  if (retryAfterS !== undefined)
    throw libraryDoorFault('library-door/budget-spent', { retry_after: retryAfterS })
  if (actor.kind === 'anonymous' && !door.anonymousRead && route.isOpen !== true)
    throw libraryDoorFault('library-door/sign-in-needed')
  return await run(request, { route, names, actor, target, address })
}

/** The operation, or the answer where none is needed. */
function chooseRoute(
  request: HttpRequest,
  {
    table,
    path,
    door: { crossOrigins },
  }: { readonly table: RouteTable; readonly path: string; readonly door: LibraryDoorOptions },
): FoundRoute | { readonly response: HttpResponse } {
  const known = table.find(path)
  if (known.length === 0) throw libraryDoorFault('library-door/no-such-page')
  const methods = known.flatMap(({ route: { method } }) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  )
  if (request.method === 'OPTIONS' && crossOrigins.length > 0)
    return { response: answerPreflight(methods) }
  const wanted = request.method === 'HEAD' ? 'GET' : request.method
  const found = known.find(({ route }) => route.method === wanted)
  if (found === undefined)
    throw libraryDoorFault('library-door/wrong-method', {
      allowed: [...new Set(methods)].join(', '),
    })
  return { route: found.route, names: decodeAll(found.names) }
}

/** `http/malformed-target` */
function decodeAll(names: FoundRoute['names']): FoundRoute['names'] {
  return Object.fromEntries(
    Object.entries(names).map(([name, text]) => [name, percentDecode(text)]),
  )
}

/** `library-door/malformed-token`, `identity/unknown-token`, `identity/expired-token` */
async function whoAsks({ headers }: HttpRequest, { door, trace, address }: Parts): Promise<Actor> {
  const { authorization, 'user-agent': agent } = headers
  if (authorization === undefined) return anonymous
  const [, token] = /^Bearer +([!-~]{1,512})$/i.exec(authorization) ?? []
  if (token === undefined) throw libraryDoorFault('library-door/malformed-token')
  const from = { address, ...(agent === undefined ? {} : { agent }) }
  const actor = await door.authenticate(token, from)
  trace.principal = actor.token.id
  trace.caller = actor.id
  door.onUse(actor)
  return actor
}

interface Asked {
  readonly route: BoundRoute
  readonly names: FoundRoute['names']
  readonly actor: Actor
  readonly target: RequestTarget
  readonly address: string
}

async function run(
  request: HttpRequest,
  { route, names, actor, target, address }: Asked,
): Promise<HttpResponse> {
  const query = readQuery(target, route)
  const body = await readBody(request, route)
  const call: RestCall = { actor, names, query, body, request, address }
  if ('respond' in route) return await route.respond(undefined, call)
  const result = await route.run(undefined, call)
  if (route.status === 204) return { status: 204, headers: { 'cache-control': 'no-store' } }
  return answerDocument(request, { status: route.status, body: JSON.stringify(result) })
}

function tellSubject(trace: Trace, names: readonly string[]): void {
  if (names.length > 0) trace.subject = names.join(' ')
}
