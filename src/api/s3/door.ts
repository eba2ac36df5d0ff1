/** The S3 wire over an `ObjectStore`: translates requests into domain calls and faults into S3's XML. Holds no state but a cache of keys. */
import { isIamRequest } from '#api/iam/is-iam-request'
import { requestEnd } from '#api/request-end'
import { actionOf } from '#api/s3/actions'
import { type Address, resolveAddress } from '#api/s3/address'
import { isGuest } from '#api/s3/anonymous'
import { type BucketCall, effectiveHeaders, firstValues } from '#api/s3/call'
import { type CrossOrigin, corsHeaders, crossOriginOf } from '#api/s3/cors'
import { createBucket, makeBucket } from '#api/s3/create-bucket'
import type { S3DoorOptions } from '#api/s3/door-options'
import { enter } from '#api/s3/enter'
import { idHeaders, refuseBytes, refuseRequest } from '#api/s3/error-response'
import { s3Fault } from '#api/s3/faults'
import { chargeHeaders } from '#api/s3/requester-pays'
import {
  bucketRoutes,
  findRoute,
  isCreation,
  isForm,
  objectRoutes,
  refuseOtherServices,
  serviceRoutes,
} from '#api/s3/routes'
import { tellAccess } from '#api/s3/tell-access'
import { versionOf } from '#api/s3/versions'
import type { HttpHandler, HttpRefusal, HttpRequest, HttpResponse } from '#http/message'
import { parseTarget } from '#http/target'
import { authenticate } from '#identity/authenticate'
import type { Caller } from '#identity/caller'
import type { Proof } from '#identity/proof'
import { SigningKeys } from '#identity/signing-keys'
import type { CorsRule } from '#object/model'
import { parseBucketName, parseObjectKey } from '#object/names'
import type { RequestEnded } from '#telemetry/telemetry'

export interface S3Door {
  readonly handle: HttpHandler
  /** Words for requests the HTTP shell could not even parse. */
  readonly refuse: HttpRefusal
}

/** What the log of a request learns while the request is understood. */
type Trace = {
  -readonly [Name in 'operation' | 'bucket' | 'principal' | 'subject']?: RequestEnded[Name]
} & {
  cross?: { readonly address: Address; readonly asked: CrossOrigin | undefined }
  /** Of a request that has its own words for it. */
  failure?: unknown
  caller?: Caller | undefined
}

export function createS3Door(options: S3DoorOptions): S3Door {
  const signingKeys = new SigningKeys()
  return {
    handle: async (request) => {
      const startedAt = options.world.monotonic()
      const trace: Trace = {}
      let failure: unknown
      let response: HttpResponse
      try {
        response = await answer(request, { options, signingKeys, trace })
      } catch (error) {
        failure = error
        response = refuseRequest(error, request)
      }
      const { cross, caller, failure: told, ...traced } = trace
      options.rates.noteFailure(request.peer, failure ?? told)
      const turnAroundMs = options.world.monotonic() - startedAt
      // An answer without these is one that the page does not see, refusals included.
      const granted = cross?.asked && (await grantedTo({ options, trace }).catch(() => undefined)) // no bucket's name
      return {
        ...response,
        headers: { ...response.headers, ...granted, ...idHeaders(request.id) },
        onEnd: (outcome) => {
          response.onEnd?.(outcome)
          const { bytesOut } = outcome
          const totalMs = options.world.monotonic() - startedAt
          const { operation = 'Unknown' } = traced
          options.telemetry.requestEnded({
            door: 's3',
            ...traced,
            operation,
            ...whoAndWhat(request, { address: cross?.address, caller }),
            ...requestEnd(request, { response, failure: failure ?? told, bytesOut, ms: totalMs }),
          })
          const { bucket, key } = cross?.address ?? {}
          const ended = { request, response, failure, operation, bucket, key, caller, bytesOut }
          tellAccess(options, { ...ended, totalMs, turnAroundMs }).catch(() => {}) // no bucket's name, or nobody knows it now
        },
      }
    },
    refuse: refuseBytes,
  }
}

interface Parts {
  readonly options: S3DoorOptions
  readonly signingKeys: SigningKeys
  readonly trace: Trace
}

/** Address, then proof, then route, then names, then rights: a wrong proof is refused before anything is told. */
async function answer(request: HttpRequest, parts: Parts): Promise<HttpResponse> {
  const { options, signingKeys, trace } = parts
  options.rates.admitAddress(request.peer)
  const { host } = request.headers
  if (host === undefined) throw s3Fault('s3/bad-request', { reason: 'Missing Host header' })
  const target = parseTarget(request.target)
  const address = resolveAddress(target.rawPath, { ...options, host })
  trace.cross = { address, asked: crossOriginOf(request.method, request.headers) }
  if (request.method === 'OPTIONS') return await preflight(request, parts)
  const query = firstValues(target.query)
  refuseOtherServices({ query, headers: request.headers })
  if (isForm({ method: request.method, query }) && isBucket(address)) {
    trace.operation = 'PostObject'
    const bucket = parseBucketName(address.bucket)
    trace.bucket = bucket
    const { postObject } = await import('#api/s3/post-object')
    return await postObject({
      door: options,
      request,
      query,
      bucket,
      tenant: address.tenant,
      signingKeys,
      callerOf: (proof) => admitCaller(request, proof, parts),
    })
  }
  if (address.bucket === undefined && isIamRequest(request)) {
    const { answerIam } = await import('#api/iam/door')
    return await answerIam(request, {
      door: options,
      signingKeys,
      onKnown: (known) => Object.assign(trace, known),
      onFailure: (error) => {
        trace.failure = error
      },
    })
  }
  const proof = await prove(request, { ...parts, target, rawResource: address.rawResource })
  const caller = admitCaller(request, proof, parts)
  const call = {
    door: options,
    request,
    proof,
    caller,
    query,
    headers: effectiveHeaders(request.headers, target.query, proof),
  }
  const asked = { method: request.method, query: call.query, headers: call.headers }
  const { tenant } = address
  if (address.bucket === undefined) {
    const route = findRoute(serviceRoutes, asked)
    trace.operation = route.name
    return route.operation(call)
  }
  if (address.key === undefined) {
    if (isCreation(asked)) {
      trace.operation = 'CreateBucket'
      const bucket = parseBucketName(address.bucket)
      trace.bucket = bucket
      return createBucket({ ...call, bucket, tenant })
    }
    const route = findRoute(bucketRoutes, asked)
    trace.operation = route.name
    const bucket = parseBucketName(address.bucket)
    trace.bucket = bucket
    const action = actionOf(route.name)
    const wanted = action === undefined ? action : { action }
    const entered = await enter({ ...call, bucket, tenant }, wanted)
    return withCharge(entered, await route.operation(entered))
  }
  const route = findRoute(objectRoutes, asked)
  trace.operation = route.name
  const bucket = parseBucketName(address.bucket)
  trace.bucket = bucket
  const key = parseObjectKey(address.key)
  if (options.createsBuckets && route.name === 'PutObject')
    await makeBucket({ ...call, bucket, tenant })
  const action = actionOf(route.name, { isOfVersion: call.query.has('versionId') })
  const wanted = action === undefined ? undefined : { action, key }
  const entered = { ...(await enter({ ...call, bucket, tenant }, wanted)), key }
  try {
    if (entered.admission.dependsOnObject && route.admits !== true) {
      entered.admission.admit(await options.objects.head(bucket, key, versionOf(call)))
    }
    return withCharge(entered, await route.operation(entered))
  } catch (error) {
    throw entered.admission.conceal(error)
  }
}

function withCharge(call: BucketCall, response: HttpResponse): HttpResponse {
  const charge = chargeHeaders(call)
  return charge === undefined
    ? response
    : { ...response, headers: { ...response.headers, ...charge } }
}

/** Somebody has proved who he is, or claimed nothing. `api/slow-down` */
function admitCaller(
  request: HttpRequest,
  proof: Proof,
  { options, trace }: Parts,
): Caller | undefined {
  trace.principal = nameOf(proof)
  trace.caller = callerOf(request, proof, options)
  if (proof.kind === 'signed') {
    options.rates.admitKey(proof.accessKeyId)
    options.lookups.noteUse(proof.accessKeyId, options.world.now())
  }
  return trace.caller
}

/** Guests are as good as root; whoever else proves nothing is nobody in particular. */
function callerOf(
  request: HttpRequest,
  proof: Proof,
  { guests, root }: S3DoorOptions,
): Caller | undefined {
  if (proof.kind === 'signed') return proof.principal
  return guests !== undefined && isGuest(request, guests) ? root : undefined
}

function isBucket(address: Address): address is Address & { readonly bucket: string } {
  return address.bucket !== undefined && address.key === undefined
}

function nameOf(proof: Proof): string {
  return proof.kind === 'signed' ? proof.accessKeyId : 'anonymous'
}

async function prove(
  request: HttpRequest,
  {
    options,
    signingKeys,
    target,
    rawResource,
  }: Parts & { readonly target: ReturnType<typeof parseTarget>; readonly rawResource: string },
): Promise<Proof> {
  const { lookups, regions, world } = options
  return await authenticate(
    { method: request.method, target, headers: request.headers },
    {
      accessKeys: lookups.key,
      regions,
      signingKeys,
      now: world.now(),
      resources: [rawResource, target.rawPath],
    },
  )
}

/** Browsers ask before they cross origins. Nobody is asked who they are: the answer says what the bucket's rules say. */
async function preflight(request: HttpRequest, parts: Parts): Promise<HttpResponse> {
  const { headers } = request
  parts.trace.operation = 'Preflight'
  if (headers['origin'] === undefined || headers['access-control-request-method'] === undefined) {
    throw s3Fault('s3/bad-request', {
      reason: 'Insufficient information. Origin request header needed.',
    })
  }
  const rules = await rulesOf(parts)
  if (rules === undefined) throw s3Fault('s3/cors-not-enabled')
  if ((await grantedTo(parts)) === undefined) throw s3Fault('s3/cors-not-allowed')
  return { status: 200, headers: {} } // the headers come with every answer
}

/** What the addressed bucket lets the page behind the request do. */
async function grantedTo(
  parts: Pick<Parts, 'options' | 'trace'>,
): Promise<Record<string, string> | undefined> {
  const { asked } = parts.trace.cross ?? {}
  return asked && corsHeaders(await rulesOf(parts), asked)
}

/** Of the addressed bucket. */
async function rulesOf({
  options,
  trace,
}: Pick<Parts, 'options' | 'trace'>): Promise<readonly CorsRule[] | undefined> {
  const { address } = trace.cross ?? {}
  if (address?.bucket === undefined) return undefined
  return (await options.lookups.bucket(parseBucketName(address.bucket)))?.config.cors
}

function whoAndWhat(
  { peer }: HttpRequest,
  {
    address,
    caller,
  }: { readonly address: Address | undefined; readonly caller: Caller | undefined },
): Pick<RequestEnded, 'peer' | 'object' | 'caller'> {
  return {
    peer,
    ...(address?.key === undefined ? {} : { object: address.key }),
    ...(caller === undefined ? {} : { caller: caller.standing?.arn ?? caller.id }),
  }
}
