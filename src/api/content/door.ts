/** The registry on the wire: the two routes of the registry in Rust, byte for byte, and what stands beside them. */
import { clientAddress } from '#api/client-address'
import { deleteMetadata } from '#api/content/delete-metadata'
import { registryFault } from '#api/content/faults'
import { getMetadata } from '#api/content/get-metadata'
import { getShard } from '#api/content/get-shard'
import { describeRegistry } from '#api/content/openapi'
import { postMetadata } from '#api/content/post-metadata'
import { problemOf } from '#api/content/problem'
import { type ContentDoorOptions, type ContentRoute, contentBase } from '#api/content/route'
import { answerPreflight, crossOriginHeaders } from '#api/cross-origin'
import { requestEnd } from '#api/request-end'
import { findRegistryToken, type RegistryRight } from '#content/registry-tokens'
import type { HttpHandler, HttpRefusal, HttpRequest, HttpResponse } from '#http/message'
import { parseTarget, percentDecode } from '#http/target'
import { identityFault } from '#identity/faults'

const routes: readonly ContentRoute[] = [postMetadata, getMetadata, deleteMetadata, getShard]

/** What the log of a request learns while the request is understood. */
interface Trace {
  operation: string
  principal?: string
  subject?: string
  readonly steps: { readonly name: string; readonly at: number; readonly ms: number }[]
}

/** Answers everything below `contentBase`. */
export function createContentDoor(door: ContentDoorOptions): HttpHandler {
  const description = JSON.stringify(describeRegistry(routes, door))
  return async (request) => {
    const { world } = door
    const startedAt = world.monotonic()
    const peer = clientAddress(request, door.isProxy)
    const trace: Trace = { operation: 'Unknown', steps: [] }
    let response: HttpResponse
    let failure: unknown
    try {
      door.rates.admitAddress(peer)
      response = hold(await answer(request, { door, trace, startedAt, description }), door)
    } catch (error) {
      failure = error
      door.rates.noteFailure(peer, error)
      response = problemOf(error)
    }
    const { traceparent } = request.headers
    return {
      ...response,
      headers: {
        ...response.headers,
        ...crossOriginHeaders(door.crossOrigins, request.headers),
        'x-amz-request-id': request.id, // S3's name for it, as all doors call it
      },
      onEnd: (outcome) => {
        response.onEnd?.(outcome)
        const { bytesOut } = outcome
        door.telemetry.requestEnded({
          door: 'registry',
          ...trace,
          peer,
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

/** Bodies from here on count until the client has them. */
const heldBytesMin = 64 * 1024

/** `registry/busy` when there is no room for it. */
function hold(response: HttpResponse, { memory }: ContentDoorOptions): HttpResponse {
  const { body } = response
  if (!(body instanceof Uint8Array) || body.length < heldBytesMin) return response
  const giveBack = memory.take(body.length)
  return { ...response, onEnd: giveBack }
}

/** For requests that cannot be parsed. */
export const refuseContent: HttpRefusal = (fault, requestId) => {
  const { headers, ...rest } = problemOf(fault)
  return { ...rest, headers: { ...headers, 'x-amz-request-id': requestId } }
}

interface Parts {
  readonly door: ContentDoorOptions
  readonly trace: Trace
  readonly startedAt: number
  readonly description: string
}

async function answer(request: HttpRequest, parts: Parts): Promise<HttpResponse> {
  const { door, trace, startedAt, description } = parts
  const path = parseTarget(request.target).rawPath.slice(contentBase.length)
  if (path === '/openapi.json' && isRead(request.method)) return openApi(description)
  const known = routesOf(path, door)
  const methods = known.flatMap(({ route: { method } }) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  )
  if (known.length === 0) throw registryFault('registry/no-such-page')
  if (request.method === 'OPTIONS' && isCrossOriginAnswered(door))
    return answerPreflight(methods.filter((method) => method !== 'DELETE'))
  const wanted = request.method === 'HEAD' ? 'GET' : request.method
  const found = known.find(({ route }) => route.method === wanted)
  if (found === undefined)
    throw registryFault('registry/wrong-method', { allowed: methods.join(', ') })
  const { route, names } = found
  trace.operation = route.operation
  const subject = Object.values(names).join('/')
  if (subject !== '') trace.subject = subject
  if (route.right !== undefined) admit(request, { door, trace, right: route.right })
  const wait = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const at = door.world.monotonic()
    try {
      return await work()
    } finally {
      trace.steps.push({ name, at: at - startedAt, ms: door.world.monotonic() - at })
    }
  }
  return await route.run({ door, request, names: decodeAll(names), wait })
}

function openApi(description: string): HttpResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: description }
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

function isCrossOriginAnswered({ crossOrigins }: ContentDoorOptions): boolean {
  return crossOrigins.length > 0
}

interface Found {
  readonly route: ContentRoute
  /** As sent. */
  readonly names: Readonly<Record<string, string>>
}

/** All that the path may mean. What needs a token that nobody can have is not there. */
function routesOf(path: string, { tokens }: ContentDoorOptions): readonly Found[] {
  const segments = path.split('/')
  return routes.flatMap((route) => {
    if (route.right === 'delete' && tokens() === undefined) return []
    const names = matchPath(route.path.split('/'), segments)
    return names === undefined ? [] : [{ route, names }]
  })
}

function matchPath(
  wanted: readonly string[],
  asked: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (wanted.length !== asked.length) return undefined
  const names: Record<string, string> = {}
  for (const [index, pattern] of wanted.entries()) {
    const segment = asked[index] ?? ''
    const [, name] = /^\{(\w+)\}$/.exec(pattern) ?? []
    if (name === undefined ? pattern !== segment : segment === '') return undefined
    if (name !== undefined) names[name] = segment
  }
  return names
}

/** `http/malformed-target` */
function decodeAll(names: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(names).map(([name, text]) => [name, percentDecode(text)]),
  )
}

/** `registry/token-missing`, `identity/unknown-token`, `registry/token-lacks-right`, `api/slow-down` */
function admit(
  { headers }: HttpRequest,
  {
    door,
    trace,
    right,
  }: { readonly door: ContentDoorOptions; readonly trace: Trace; readonly right: RegistryRight },
): void {
  const tokens = door.tokens()
  if (tokens === undefined) return
  const [, presented] = /^Bearer +([!-~]{1,512})$/i.exec(headers['authorization'] ?? '') ?? []
  if (presented === undefined) throw registryFault('registry/token-missing')
  const token = findRegistryToken(tokens, presented)
  if (token === undefined) throw identityFault('identity/unknown-token')
  trace.principal = token.name
  door.rates.admitKey(token.name)
  if (!token.rights.includes(right)) throw registryFault('registry/token-lacks-right', { right })
}
