/** The admin API on the wire: JSON over HTTP, signed like S3, for the root user alone. */
import { auditRoutes } from '#api/admin/audit'
import { bucketRoutes } from '#api/admin/buckets'
import { adminFault } from '#api/admin/faults'
import { groupRoutes } from '#api/admin/groups'
import { keyRoutes } from '#api/admin/keys'
import { kmsRoutes } from '#api/admin/kms'
import { loginRoutes } from '#api/admin/logins'
import { nodeRoutes } from '#api/admin/nodes'
import { describeApi } from '#api/admin/openapi'
import { policyRoutes } from '#api/admin/policies'
import { problemOf } from '#api/admin/problem'
import { quotaRoutes } from '#api/admin/quotas'
import { roleRoutes } from '#api/admin/roles'
import type { AdminParts, AdminRoute, Names } from '#api/admin/route'
import { targetRoutes } from '#api/admin/targets'
import { userRoutes } from '#api/admin/users'
import { adminBase } from '#api/bases'
import type { RateLimits } from '#api/rate-limits'
import { requestEnd } from '#api/request-end'
import { sha256HexOf } from '#crypto/digest'
import type { HttpHandler, HttpRequest, HttpResponse } from '#http/message'
import { parseTarget, percentDecode, type RequestTarget } from '#http/target'
import type { AccessKeys } from '#identity/access-keys'
import { authenticate } from '#identity/authenticate'
import type { SignedProof } from '#identity/proof'
import { SigningKeys } from '#identity/signing-keys'
import { gatherShort } from '#stream/gather'
import type { Telemetry } from '#telemetry/telemetry'

/** Documents of the API are small. */
const bodyBytesMax = 64 * 1024

const routes: readonly AdminRoute[] = [
  ...userRoutes,
  ...keyRoutes,
  ...loginRoutes,
  ...groupRoutes,
  ...roleRoutes,
  ...policyRoutes,
  ...bucketRoutes,
  ...auditRoutes,
  ...quotaRoutes,
  ...kmsRoutes,
  ...targetRoutes,
  ...nodeRoutes,
]

export interface AdminDoorOptions extends AdminParts {
  readonly accessKeys: AccessKeys
  readonly rates: RateLimits
  readonly version: string
  readonly telemetry: Telemetry
}

/** Answers everything below `adminBase`. */
export function createAdminDoor(options: AdminDoorOptions): HttpHandler {
  const signingKeys = new SigningKeys()
  let description: string | undefined // made when somebody asks: it is 30 ms of work
  const describe = (): string =>
    JSON.stringify(describeApi(routes, { base: adminBase, version: options.version }))
  return async (request) => {
    const startedAt = options.world.monotonic()
    const trace: Trace = { operation: 'Unknown' }
    let response: HttpResponse
    let failure: unknown
    try {
      options.rates.admitAddress(request.peer)
      const target = parseTarget(request.target)
      if (target.rawPath === `${adminBase}/openapi.json`) {
        description ??= describe()
        response = json(200, description)
      } else response = await answer(request, { options, target, signingKeys, trace })
    } catch (error) {
      failure = error
      options.rates.noteFailure(request.peer, error)
      response = problemOf(error, request.id)
    }
    return {
      ...response,
      headers: { ...response.headers, 'x-amz-request-id': request.id, 'cache-control': 'no-store' },
      onEnd: ({ bytesOut }) =>
        options.telemetry.requestEnded({
          door: 'admin',
          ...trace,
          peer: request.peer,
          ...requestEnd(request, {
            ...{ response, failure, bytesOut },
            ms: options.world.monotonic() - startedAt,
          }),
        }),
    }
  }
}

/** What the log of a request learns while the request is understood. */
interface Trace {
  operation: string
  principal?: string
  caller?: string
  subject?: string
}

interface Parts {
  readonly options: AdminDoorOptions
  readonly target: RequestTarget
  readonly signingKeys: SigningKeys
  readonly trace: Trace
}

/** Proof, then rights, then what is asked: whoever proves nothing learns nothing. */
async function answer(request: HttpRequest, parts: Parts): Promise<HttpResponse> {
  const { options, target, trace } = parts
  const proof = await prove(request, parts)
  trace.principal = proof.accessKeyId
  trace.caller = proof.principal.id
  options.rates.admitKey(proof.accessKeyId)
  if (!proof.principal.isRoot) throw adminFault('admin/not-allowed')
  const { route, names } = findRoute(request.method, target.rawPath)
  trace.operation = `${route.method} ${route.path}`
  const body = await readBody(request, proof)
  const asked = {
    names,
    body: route.body === undefined ? undefined : parse(body, route),
    signal: request.signal,
  }
  tellSubject(trace, [...Object.values(names), ...namesIn(asked.body, ['handle', 'name'])])
  const result = await route.run(options, asked)
  tellSubject(trace, namesIn(result, route.method === 'POST' ? ['accessKeyId'] : []))
  return route.answer === undefined
    ? { status: route.status, headers: {} }
    : json(route.status, JSON.stringify(result))
}

function tellSubject(trace: Trace, names: readonly string[]): void {
  const { subject } = trace
  const all = [...(subject === undefined ? [] : [subject]), ...names]
  if (names.length > 0) trace.subject = all.join(' ')
}

/** What a document calls the thing that it makes. */
function namesIn(document: unknown, fields: readonly string[]): readonly string[] {
  if (typeof document !== 'object' || document === null) return []
  const values = fields.map((field): unknown => Reflect.get(document, field))
  return values.filter((value) => typeof value === 'string')
}

async function prove(
  request: HttpRequest,
  { options, target, signingKeys }: Parts,
): Promise<SignedProof> {
  const proof = await authenticate(
    { method: request.method, target, headers: request.headers },
    {
      accessKeys: options.accessKeys,
      regions: 'any',
      signingKeys,
      now: options.world.now(),
      resources: [],
    },
  )
  if (proof.kind === 'anonymous') throw adminFault('admin/anonymous')
  return proof
}

function findRoute(
  method: string,
  path: string,
): { readonly route: AdminRoute; readonly names: Names } {
  const segments = path.slice(adminBase.length).split('/')
  const allowed: string[] = []
  for (const route of routes) {
    const names = matchPath(route.path.split('/'), segments)
    if (names === undefined) continue
    if (route.method === method) return { route, names }
    allowed.push(route.method)
  }
  if (allowed.length === 0) throw adminFault('admin/no-such-page')
  throw adminFault('admin/wrong-method', { allowed: allowed.join(', ') })
}

function matchPath(wanted: readonly string[], asked: readonly string[]): Names | undefined {
  if (wanted.length !== asked.length) return undefined
  const names: Record<string, string> = {}
  for (const [index, pattern] of wanted.entries()) {
    const segment = asked[index] ?? ''
    const [, name] = /^\{(\w+)\}$/.exec(pattern) ?? []
    if (name !== undefined) names[name] = percentDecode(segment)
    else if (pattern !== segment) return undefined
  }
  return names
}

/** All of it, and what was signed. */
async function readBody(request: HttpRequest, { payload }: SignedProof): Promise<Uint8Array> {
  const isTooLarge = (request.body.bytes ?? 0) > bodyBytesMax
  const { signal } = request
  const body = isTooLarge ? undefined : await gatherShort(request.body, bodyBytesMax, { signal })
  if (body === undefined) throw adminFault('admin/body-too-large', { bytesMax: bodyBytesMax })
  if (body.length === 0 && payload.kind === 'unsigned') return body
  if (payload.kind !== 'hashed' || payload.sha256 !== sha256HexOf(body))
    throw adminFault('admin/body-not-signed')
  return body
}

function parse(body: Uint8Array, { body: schema }: AdminRoute): unknown {
  const parsed = schema?.safeParse(parseJson(body))
  if (parsed?.success === true) return parsed.data
  const [issue] = parsed?.error.issues ?? []
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  throw adminFault('admin/malformed-body', { reason: `${where}${issue?.message ?? 'unexpected'}` })
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw adminFault('admin/malformed-body', { reason: 'it is no JSON' })
  }
}

function json(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body }
}
