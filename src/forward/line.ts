/** All that is under way to one holder. Requests go out as they came in, byte for byte of their bodies; answers come back likewise. */
import type * as NodeHttp from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { freeAtOnce } from '#bytes/free'
import { isFault } from '#fault/fault'
import { forwardFault } from '#forward/faults'
import type { Holder } from '#forward/holder'
import { trustIn } from '#forward/trust'
import { vouchFor, vouchHeader } from '#forward/vouch'
import { BodyWriter } from '#http/body-writer'
import { httpFault } from '#http/faults'
import { defaultHttpLimits } from '#http/limits'
import type { HttpRequest, HttpResponse } from '#http/message'
import { Agent as HttpAgent, request as requestHttp } from '#http/node-http'
import type { World } from '#world/world'

/** A holder that takes no connection for so long is not there. */
const connectMs = 3_000

/** What asks for nothing to be done may be asked again (RFC 9110 section 9.2.1). */
const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/** Of one connection, and so not of the answer (RFC 9110 section 7.6.1); the server that hands it on has its own. */
const hopHeaders: readonly string[] = ['connection', 'keep-alive', 'transfer-encoding']

export interface LineOptions {
  /** What we show of ourselves, in PEM: a holder that shows the same is believed. */
  readonly certificate: () => string | undefined
  readonly world: World
}

export class Line implements Disposable {
  readonly holder: Holder
  readonly #url: URL
  readonly #options: LineOptions
  readonly #underWay = new Set<NodeHttp.ClientRequest>()
  #agent: NodeHttp.Agent | undefined
  #trusted: string | undefined

  constructor(holder: Holder, options: LineOptions) {
    this.holder = holder
    this.#url = new URL(holder.address)
    this.#options = options
  }

  /**
   * The holder's answer; `undefined` when it certainly has not acted on the request, which may then be sent to another. `forward/unanswered`,
   * and what the client's body throws.
   */
  async send(request: HttpRequest): Promise<HttpResponse | undefined> {
    const outgoing = this.#open(request)
    const cut = (): void => void outgoing.destroy()
    this.#underWay.add(outgoing)
    request.signal.addEventListener('abort', cut, { once: true })
    outgoing.once('close', () => {
      this.#underWay.delete(outgoing)
      request.signal.removeEventListener('abort', cut)
    })
    const sending = new Sending(request, outgoing, this.#options.world)
    let isConnected = false
    try {
      await this.#connected(outgoing)
      isConnected = true
      return await sending.answer()
    } catch (error) {
      outgoing.destroy()
      if (request.signal.aborted) throw httpFault('http/client-gone')
      if (!isConnected || sending.mayRepeat) return undefined
      throw isFault(error) ? error : forwardFault('forward/unanswered', {}, error)
    }
  }

  /** Cuts what is under way: nobody will answer it any more. */
  [Symbol.dispose](): void {
    for (const outgoing of this.#underWay) outgoing.destroy()
    this.#agent?.destroy()
  }

  #open(request: HttpRequest): NodeHttp.ClientRequest {
    const { hostname, port, protocol } = this.#url
    const isTls = protocol === 'https:'
    const host = hostname.replace(/^\[|\]$/g, '')
    const open = isTls ? requestHttps : requestHttp
    const outgoing = open({
      host,
      port: port === '' ? (isTls ? 443 : 80) : Number(port),
      servername: isIP(host) === 0 ? host : '', // otherwise the name that the client gave us
      method: request.method,
      path: request.target,
      headers: this.#headersOf(request),
      setHost: false,
      agent: this.#agentNow(isTls),
      maxHeaderSize: defaultHttpLimits.headerBytesMax,
    })
    outgoing.on('error', () => {}) // whoever waits hears of it by the answer that does not come
    if (request.body.bytes === 0 && !outgoing.headersSent && !hasLength(request)) {
      outgoing.removeHeader('content-length') // nor would they be made up
      outgoing.removeHeader('transfer-encoding')
    }
    return outgoing
  }

  /** Trailers are dropped, as no door of ours reads any; so nothing announces them. */
  #headersOf(request: HttpRequest): NodeHttp.OutgoingHttpHeaders {
    const { trailer: _, ...headers } = request.headers
    return { ...headers, [vouchHeader]: vouchFor(request, this.holder.pass) }
  }

  /** A renewed certificate makes a new pool; the former one's connections end when they are done. */
  #agentNow(isTls: boolean): NodeHttp.Agent {
    const shown = isTls ? this.#options.certificate() : undefined
    if (this.#agent === undefined || shown !== this.#trusted) {
      this.#trusted = shown
      this.#agent = isTls
        ? new HttpsAgent({ keepAlive: true, ...trustIn(shown) })
        : new HttpAgent({ keepAlive: true })
    }
    return this.#agent
  }

  async #connected(outgoing: NodeHttp.ClientRequest): Promise<void> {
    const connected = Promise.withResolvers<void>()
    const { resolve, reject } = connected
    const fail = (error?: Error): void => reject(error ?? new Error('no connection'))
    const cancel = this.#options.world.timer(connectMs, fail)
    outgoing.once('error', fail).once('close', fail)
    outgoing.once('socket', (socket: Socket) => {
      if (outgoing.reusedSocket) return resolve()
      socket.once(this.#url.protocol === 'https:' ? 'secureConnect' : 'connect', () => resolve())
    })
    try {
      await connected.promise
    } finally {
      cancel()
      outgoing.off('error', fail).off('close', fail)
    }
  }
}

function hasLength({ headers }: HttpRequest): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

/** One request on its connection: its body goes out while its answer is waited for. */
class Sending {
  readonly #request: HttpRequest
  readonly #outgoing: NodeHttp.ClientRequest
  readonly #writer: BodyWriter
  readonly #answered = Promise.withResolvers<NodeHttp.IncomingMessage>()
  readonly #isContinued = Promise.withResolvers<void>()
  #isPulled = false
  #isSent = false
  #isAnswered = false

  constructor(request: HttpRequest, outgoing: NodeHttp.ClientRequest, world: World) {
    this.#request = request
    this.#outgoing = outgoing
    this.#writer = new BodyWriter(outgoing, world)
    this.#answered.promise.catch(() => {}) // heard where the answer is waited for
    outgoing
      .once('continue', this.#isContinued.resolve)
      .once('response', (incoming) => {
        this.#isAnswered = true
        this.#answered.resolve(incoming)
      })
      .once('error', this.#answered.reject)
      .once('close', () => this.#answered.reject(new Error('the connection was closed')))
  }

  /** It asks for nothing to be done, or the holder never saw its body. */
  get mayRepeat(): boolean {
    if (this.#isPulled || this.#isAnswered) return false
    const { method, body } = this.#request
    return safeMethods.includes(method) || body.bytes !== 0
  }

  async answer(): Promise<HttpResponse> {
    this.#send().catch((error: unknown) => {
      this.#answered.reject(error) // before the connection's own words for it
      this.#outgoing.destroy()
    })
    const incoming = await this.#answered.promise
    const { statusCode: status = 502 } = incoming
    const isBare = status === 204 || status === 304
    return {
      status,
      headers: headersOf(incoming),
      ...(isBare ? {} : { body: piecesOf(incoming) }),
      onEnd: ({ isComplete }) => {
        if (isComplete && this.#isSent) incoming.resume()
        else this.#outgoing.destroy()
      },
    }
  }

  /** Throws what the client's body throws; that the holder takes no more of it is told by the answer. */
  async #send(): Promise<void> {
    const { headers, body } = this.#request
    if (/(?:^|\W)100-continue(?:$|\W)/i.test(headers['expect'] ?? '')) {
      this.#outgoing.flushHeaders()
      await this.#isContinued.promise
    }
    const pieces = body[Symbol.asyncIterator]()
    // The rest of a body that was refused stays where it is; one that went out whole is ended all the same.
    while (!this.#isAnswered || body.received === body.bytes) {
      if (body.bytes !== 0) this.#isPulled = true
      const { done, value } = await pieces.next()
      if (done !== true && this.#isAnswered) return
      try {
        await (done === true ? this.#writer.end() : this.#writer.write(value))
      } catch {
        if (!this.#isAnswered) this.#outgoing.destroy()
        return
      }
      if (done === true) {
        this.#isSent = true
        return
      }
    }
  }
}

/** A repeated header is joined, as `HttpHeaders` are. */
function headersOf({ rawHeaders }: NodeHttp.IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    const value = rawHeaders[index + 1] ?? ''
    if (hopHeaders.includes(name)) continue
    const earlier = headers[name]
    headers[name] = earlier === undefined ? value : `${earlier},${value}`
  }
  return headers
}

async function* piecesOf(incoming: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of incoming) {
    yield piece
    freeAtOnce(piece) // the kernel has it
  }
}
