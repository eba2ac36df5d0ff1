import type { IncomingMessage, ServerResponse } from 'node:http'
import { BodyWriter } from '#http/body-writer'
import { httpFault } from '#http/faults'
import type { HttpLimits } from '#http/limits'
import type { HttpHandler, HttpHeaders, HttpRequest, HttpResponse } from '#http/message'
import { RequestBody } from '#http/request-body'
import { serverName } from '#http/server-name'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface ExchangeParts {
  readonly limits: HttpLimits
  readonly world: World
  readonly telemetry: Telemetry
  /** The `Date` header of now. */
  date(): string
  isDraining(): boolean
}

/** What happens to the part of the request's body that nobody read. */
type Rest = 'nothing' | 'drain' | 'close'

/** One request and its answer on one connection. */
export class Exchange {
  readonly #incoming: IncomingMessage
  readonly #outgoing: ServerResponse
  readonly #parts: ExchangeParts
  readonly #body: RequestBody
  readonly #writer: BodyWriter
  readonly #gone = new AbortController()

  constructor(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    parts: ExchangeParts,
    { expectsContinue }: { readonly expectsContinue: boolean },
  ) {
    this.#incoming = incoming
    this.#outgoing = outgoing
    this.#parts = parts
    this.#writer = new BodyWriter(outgoing, parts.world)
    this.#body = new RequestBody(incoming, {
      bytes: bodyBytes(incoming),
      world: parts.world,
      sendContinue: expectsContinue ? () => outgoing.writeContinue() : undefined,
    })
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) this.#gone.abort(httpFault('http/client-gone'))
    })
  }

  get hasBegunToAnswer(): boolean {
    return this.#outgoing.headersSent
  }

  get body(): RequestBody {
    return this.#body
  }

  /** Never rejects. */
  async run(handler: HttpHandler): Promise<void> {
    const request = this.#request()
    let response: HttpResponse
    try {
      response = await handler(request)
    } catch (error) {
      this.#parts.telemetry.note('error', 'http handler threw', { requestId: request.id, error })
      response = { status: 500, headers: { 'x-amz-request-id': request.id } } // S3's name for it, as all doors call it
    }
    const rest = this.#rest()
    let isComplete = false
    try {
      isComplete = await this.#answer(response, rest)
    } catch {
      this.#outgoing.destroy() // a broken answer must not look like a whole one
    } finally {
      response.onEnd?.({ bytesOut: this.#writer.bytes, isComplete })
    }
    await this.#settle(rest)
  }

  /** Cuts what waits for a client that no longer earns it. */
  sweep(now: number): void {
    const { limits } = this.#parts
    if (this.#body.isOverdue(now, limits)) this.#body.fail(httpFault('http/body-timeout'))
    if (this.#writer.isOverdue(now, limits)) this.#outgoing.destroy()
  }

  #request(): HttpRequest {
    const { method = '', url = '', socket, rawHeaders, httpVersion } = this.#incoming
    const headers = joinHeaders(rawHeaders)
    return {
      id: Buffer.from(this.#parts.world.randomBytes(8)).toString('hex').toUpperCase(),
      method,
      target: url,
      headers: httpVersion === '1.0' ? { host: '', ...headers } : headers, // it need not say, and probes do not
      peer: socket.remoteAddress ?? '',
      isEncrypted: 'encrypted' in socket,
      body: this.#body,
      signal: this.#gone.signal,
    }
  }

  /** Whether the answer left whole. When the rest closes the connection, the answer is sent but not ended. */
  async #answer(response: HttpResponse, rest: Rest): Promise<boolean> {
    const outgoing = this.#outgoing
    if (outgoing.destroyed) return false
    const body = this.#incoming.method === 'HEAD' ? undefined : response.body
    const isStream = body !== undefined && typeof body !== 'string' && !ArrayBuffer.isView(body)
    outgoing.sendDate = false
    outgoing.writeHead(response.status, {
      date: this.#parts.date(),
      server: serverName,
      ...(rest === 'close' || this.#parts.isDraining() ? { connection: 'close' } : {}),
      ...(isStream ? {} : lengthOf(response)),
      ...response.headers,
    })
    if (isStream) await this.#stream(body, response.headers['content-length'])
    if (rest !== 'close') await this.#writer.end(isStream ? undefined : body)
    else if (isStream || body === undefined || body.length === 0) outgoing.flushHeaders()
    else await this.#writer.write(body)
    return true
  }

  async #stream(
    body: AsyncIterable<Uint8Array>,
    contentLength: string | number | undefined,
  ): Promise<void> {
    for await (const piece of body) {
      if (piece.length > 0) await this.#writer.write(piece)
    }
    if (contentLength !== undefined && Number(contentLength) !== this.#writer.bytes) {
      throw httpFault('http/body-truncated')
    }
  }

  #rest(): Rest {
    if (this.#body.isComplete) return this.#body.bytes === 0 ? 'nothing' : 'drain'
    // A client that was refused in place of a 100 may or may not send the body: only a new connection is unambiguous.
    const isHopeless = this.#body.isWithheld || this.#body.hasFailed
    return isHopeless || this.#body.missing > this.#parts.limits.drainBytesMax ? 'close' : 'drain'
  }

  /**
   * Gets rid of what nobody read. Closing with unread bytes makes the kernel send a reset, which can overtake the answer, so we go on
   * reading (and dropping) until the client has sent everything, has closed, or has had its time; only then the connection closes.
   */
  async #settle(rest: Rest): Promise<void> {
    const { socket } = this.#incoming
    if (rest === 'nothing' || socket.destroyed) return
    this.#body.discard()
    if (!this.#body.isComplete) await this.#untilQuiet()
    if (rest === 'close') this.#outgoing.end()
    else if (!this.#body.isComplete) socket.destroy()
  }

  async #untilQuiet(): Promise<void> {
    const quiet = new AbortController()
    const stop = (): void => quiet.abort()
    this.#incoming.once('end', stop).once('close', stop)
    await this.#parts.world
      .sleep(this.#parts.limits.lingerMs, { signal: quiet.signal })
      .catch(() => {}) // the abort is the news that we may stop
  }
}

function bodyBytes({ headers }: IncomingMessage): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined
  return Number(headers['content-length'] ?? 0)
}

function lengthOf({ status, body, headers }: HttpResponse): Record<string, number> {
  if (status === 204 || status === 304 || headers['content-length'] !== undefined) return {}
  if (body === undefined) return { 'content-length': 0 }
  if (typeof body === 'string') return { 'content-length': Buffer.byteLength(body) }
  return ArrayBuffer.isView(body) ? { 'content-length': body.byteLength } : {}
}

function joinHeaders(raw: readonly string[]): HttpHeaders {
  const headers: Record<string, string> = Object.create(null)
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? ''
    const value = raw[index + 1] ?? ''
    const earlier = headers[name]
    headers[name] = earlier === undefined ? value : `${earlier},${value}`
  }
  return headers
}
