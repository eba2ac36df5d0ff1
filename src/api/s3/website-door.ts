/**
 * Buckets as websites: `BUCKET.s3-website.localhost`. Pages are read as somebody unknown reads objects, so what policies and ACLs give to
 * everybody is what a website shows. https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
 */
import { strict as assert } from 'node:assert'
import { requestEnd } from '#api/request-end'
import { bucketOfHost } from '#api/s3/address'
import type { Call, ObjectCall } from '#api/s3/call'
import type { S3DoorOptions } from '#api/s3/door-options'
import { admissionTo, ownerOf } from '#api/s3/enter'
import { hostId } from '#api/s3/error-response'
import { s3ErrorOf } from '#api/s3/errors'
import { s3Fault } from '#api/s3/faults'
import { getObject } from '#api/s3/get-object'
import { headObject } from '#api/s3/head-object'
import { tellAccess } from '#api/s3/tell-access'
import { errorPage } from '#api/s3/website-page'
import { pageKey, pathOf, routeOf, type SentOn, type Visit } from '#api/s3/website-routing'
import { Fault } from '#fault/fault'
import type { HttpHandler, HttpRequest, HttpResponse } from '#http/message'
import { parseTarget, percentDecode } from '#http/target'
import { objectFault } from '#object/faults'
import type { BucketName } from '#object/model'
import { parseBucketName, parseObjectKey } from '#object/names'
import type { Website } from '#object/website'

const redirectHeader = 'x-amz-website-redirect-location'

/** `domains`: host names below which the first labels are a bucket. */
export function createWebsiteDoor(options: S3DoorOptions): HttpHandler {
  return async (request) => {
    const startedAt = options.world.monotonic()
    const trace: Trace = {}
    let failure: unknown
    let response: HttpResponse
    try {
      response = await answer(request, options, trace)
    } catch (error) {
      failure = error
      response = errorPage(error, { requestId: request.id })
    }
    const turnAroundMs = options.world.monotonic() - startedAt
    return {
      ...response,
      headers: { ...response.headers, 'x-amz-request-id': request.id, 'x-amz-id-2': hostId },
      onEnd: (outcome) => {
        response.onEnd?.(outcome)
        const { bytesOut } = outcome
        const totalMs = options.world.monotonic() - startedAt
        const operation = 'GetWebsitePage'
        options.telemetry.requestEnded({
          door: 's3',
          operation,
          ...(trace.bucket === undefined ? {} : { bucket: trace.bucket }),
          principal: 'anonymous',
          peer: request.peer,
          ...(trace.key === undefined ? {} : { object: trace.key }),
          ...requestEnd(request, { response, failure, bytesOut, ms: totalMs }),
        })
        const { bucket, key } = trace
        const ended = { request, response, failure, operation, bucket, key, bytesOut }
        tellAccess(options, { ...ended, caller: undefined, totalMs, turnAroundMs }).catch(() => {}) // nobody knows the bucket now
      },
    }
  }
}

/** What is known of a visit when it ends. */
interface Trace {
  bucket?: string
  key?: string
}

async function answer(
  request: HttpRequest,
  door: S3DoorOptions,
  trace: Trace,
): Promise<HttpResponse> {
  door.rates.admitAddress(request.peer)
  const { method, headers, target } = request
  const host = headers['host'] ?? ''
  const name = parseBucketName(bucketOfHost(host, door.domains) ?? '')
  trace.bucket = name
  if (method !== 'GET' && method !== 'HEAD') throw s3Fault('s3/method-not-allowed')
  const facts = await door.lookups.bucket(name)
  if (facts === undefined) throw objectFault('object/no-such-bucket', { bucket: name })
  const { website } = facts.config
  if (website === undefined) throw s3Fault('s3/no-such-website', { bucket: name })
  const visit = { host, key: percentDecode(parseTarget(target).rawPath.slice(1)) }
  trace.key = visit.key
  const sentOn = routeOf(website, visit)
  if (sentOn !== undefined) return redirect(sentOn)
  assert(website.kind === 'pages') // others send on everybody
  const reader = new Reader(request, door, name)
  try {
    return await reader.read(pageKey(visit.key, website.index))
  } catch (error) {
    return await answerError(error, { reader, website, visit })
  }
}

/** A prefix without its slash, then the rules for this error, then the bucket's own page for errors, then ours. */
async function answerError(
  error: unknown,
  {
    reader,
    website,
    visit,
  }: {
    readonly reader: Reader
    readonly website: Extract<Website, { kind: 'pages' }>
    readonly visit: Visit
  },
): Promise<HttpResponse> {
  const { status } = s3ErrorOf(error)
  const isHidden = status === 403 || status === 404
  const mayBePrefix = isHidden && visit.key !== '' && !visit.key.endsWith('/')
  if (mayBePrefix && (await reader.mayRead(`${visit.key}/${website.index}`)))
    return redirect({ status: 302, location: `${pathOf(visit.key)}/` })
  const sentOn = routeOf(website, visit, status)
  if (sentOn !== undefined) return redirect(sentOn)
  const { requestId } = reader
  if (website.error === undefined || status >= 500) throw error
  try {
    return { ...(await reader.readPlainly(website.error)), status }
  } catch (second) {
    return errorPage(error, { requestId, second })
  }
}

function redirect({ status, location }: SentOn): HttpResponse {
  return { status, headers: { location } }
}

/** Reads objects of one bucket for a request, as somebody unknown. */
class Reader {
  readonly requestId: string
  readonly #call: Omit<Call, 'headers'>
  readonly #bucket: BucketName

  constructor(request: HttpRequest, door: S3DoorOptions, bucket: BucketName) {
    this.requestId = request.id
    this.#bucket = bucket
    this.#call = {
      door,
      request,
      proof: { kind: 'anonymous', payload: { kind: 'unsigned' } },
      caller: undefined,
      query: new Map(),
    }
  }

  /** With the request's conditions and range. An object may name another place to go to. */
  async read(key: string): Promise<HttpResponse> {
    const call = await this.#callFor(key, this.#call.request.headers)
    const response = await this.#answer(call)
    const location = response.headers[redirectHeader]
    if (location === undefined) return response
    response.onEnd?.({ bytesOut: 0, isComplete: true }) // nobody reads it
    return redirect({ status: 301, location: String(location) })
  }

  /** All of it, whatever the request's conditions. */
  async readPlainly(key: string): Promise<HttpResponse> {
    return await this.#answer(await this.#callFor(key, {}))
  }

  async mayRead(key: string): Promise<boolean> {
    try {
      await headObject(await this.#callFor(key, {}))
      return true
    } catch (error) {
      if (error instanceof Fault && s3ErrorOf(error).status < 500) return false
      throw error
    }
  }

  async #answer(call: ObjectCall): Promise<HttpResponse> {
    try {
      return await (call.request.method === 'HEAD' ? headObject(call) : getObject(call))
    } catch (error) {
      throw call.admission.conceal(error)
    }
  }

  async #callFor(name: string, headers: Call['headers']): Promise<ObjectCall> {
    const key = parseObjectKey(name)
    const bucket = this.#bucket
    const call = { ...this.#call, headers }
    const entered = await admissionTo(call, bucket, { action: 's3:GetObject', key })
    const owner = await ownerOf(call, entered.facts.owner)
    return { ...call, ...entered, bucket, owner, key }
  }
}
