/**
 * The HTTP shell: listens, limits, tells doors of requests and sends their answers. It knows no routes.
 * Refusals of its own (unparsable bytes) speak the dialect of the `refusal` it is given.
 */
import { strict as assert } from 'node:assert'
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import { Server as TlsServer } from 'node:https'
import type { Fault } from '#fault/fault'
import { Exchange, type ExchangeParts } from '#http/exchange'
import { type HttpFaultCode, httpFault } from '#http/faults'
import { defaultHttpLimits, type HttpLimits, sweepMs } from '#http/limits'
import type { HttpHandler, HttpRefusal } from '#http/message'
import { createServer } from '#http/node-http'
import { refuseConnection } from '#http/refuse-connection'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** What a listener proves its name with, in PEM: the certificate with those above it, and its private key. */
export interface TlsIdentity {
  readonly certificate: string
  readonly privateKey: string
}

export interface HttpServerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Shares the port with other listeners of this process; every one must say so, and connections are spread over them. */
  readonly sharesPort?: boolean
  /** TLS 1.3 with this identity; clear text without. */
  readonly tls?: TlsIdentity | undefined
  readonly handler: HttpHandler
  readonly refusal: HttpRefusal
  readonly limits?: Partial<HttpLimits>
  readonly world: World
  readonly telemetry: Telemetry
}

type Socket = IncomingMessage['socket']

/** Listens when the promise resolves. Faults: `http/address-in-use`, `http/address-refused`. */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = new HttpServer(options)
  await server.listen(options)
  return server
}

export class HttpServer implements AsyncDisposable {
  readonly #server: Server
  readonly #limits: HttpLimits
  readonly #options: HttpServerOptions
  readonly #exchanges = new Set<Exchange>()
  readonly #latest = new WeakMap<Socket, Exchange>()
  readonly #sweeping = new AbortController()
  readonly #parts: ExchangeParts
  #tls: TlsIdentity | undefined
  #isDraining = false
  #dateSecond = 0
  #date = ''
  #idle: (() => void) | undefined

  /** Use `openHttpServer`. */
  constructor(options: HttpServerOptions) {
    this.#options = options
    this.#limits = { ...defaultHttpLimits, ...options.limits }
    this.#parts = {
      limits: this.#limits,
      world: options.world,
      telemetry: options.telemetry,
      date: () => this.#dateNow(),
      isDraining: () => this.#isDraining,
    }
    const shell: ServerOptions = {
      maxHeaderSize: this.#limits.headerBytesMax,
      headersTimeout: this.#limits.headersTimeoutMs,
      requestTimeout: 0, // bodies have our own clocks, which count only the client's slowness
      keepAliveTimeout: this.#limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: sweepMs,
      requireHostHeader: false, // refused by the door, in its own words
      noDelay: true,
    }
    const { tls } = options
    this.#tls = tls
    this.#server =
      tls === undefined
        ? createServer(shell)
        : new TlsServer({
            ...shell,
            ...contextOf(tls),
            handshakeTimeout: this.#limits.headersTimeoutMs,
          })
    this.#server.maxConnections = this.#limits.connectionsMax
    Object.assign(this.#server, { httpAllowHalfOpen: true }) // a client may close its side before our answer
    this.#listenForRequests()
  }

  async listen({
    host,
    port,
    sharesPort = false,
  }: Pick<HttpServerOptions, 'host' | 'port' | 'sharesPort'>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(listenFault(error, { host, port })),
      )
      const options = { host, port, backlog: listenBacklog, reusePort: sharesPort }
      this.#server.listen(options, resolve)
    })
    void this.#sweepUntilClosed()
  }

  /** From the next connection on; those that are open keep what they began with. The listener must have been opened with TLS. */
  identify(tls: TlsIdentity): void {
    assert(this.#server instanceof TlsServer)
    this.#server.setSecureContext(contextOf(tls))
    this.#tls = tls
  }

  /** What new connections are shown, in PEM; `undefined` in clear text. */
  get certificate(): string | undefined {
    return this.#tls?.certificate
  }

  /** The port in use, also when 0 was asked for. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Requests being answered now. */
  get exchanges(): number {
    return this.#exchanges.size
  }

  get host(): string {
    return this.#options.host
  }

  /**
   * Stops accepting, answers what is in flight (with `Connection: close`), and returns when all connections are gone.
   * After `graceMs` what is left is cut.
   */
  async close({ graceMs = closeGraceMs }: { readonly graceMs?: number } = {}): Promise<void> {
    if (!this.#server.listening) return
    this.#isDraining = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    await this.#untilIdle(graceMs)
    this.#sweeping.abort()
    this.#server.closeAllConnections()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #listenForRequests(): void {
    const serve =
      (expectsContinue: boolean) =>
      (incoming: IncomingMessage, outgoing: ServerResponse): void =>
        void this.#serve(incoming, outgoing, { expectsContinue })
    this.#server.on('request', serve(false))
    this.#server.on('checkContinue', serve(true))
    this.#server.on('checkExpectation', serve(false)) // an expectation we do not know is no reason to refuse
    this.#server.on('clientError', (error: ClientError, socket: Socket) =>
      this.#onClientError(error, socket),
    )
    this.#server.on('drop', () =>
      this.#options.telemetry.note('warn', 'connection dropped: too many', {
        connectionsMax: this.#limits.connectionsMax,
      }),
    )
  }

  async #serve(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    how: { readonly expectsContinue: boolean },
  ): Promise<void> {
    const exchange = new Exchange(incoming, outgoing, this.#parts, how)
    this.#exchanges.add(exchange)
    this.#latest.set(incoming.socket, exchange)
    await exchange.run(this.#options.handler)
    this.#exchanges.delete(exchange)
    if (this.#exchanges.size === 0) this.#idle?.()
  }

  /** Bytes that are no HTTP. Inside a body the request's own answer tells; between requests we do. */
  #onClientError(error: ClientError, socket: Socket): void {
    const fault = clientFault(error)
    const exchange = this.#latest.get(socket)
    if (exchange !== undefined && this.#exchanges.has(exchange) && !exchange.body.isComplete) {
      exchange.body.fail(fault ?? httpFault('http/client-gone'))
      if (fault !== undefined && !exchange.hasBegunToAnswer) return
    }
    if (fault === undefined || !socket.writable) {
      socket.destroy()
      return
    }
    const id = Buffer.from(this.#options.world.randomBytes(8)).toString('hex').toUpperCase()
    const refusal = this.#options.refusal(fault, id)
    const isHead = error.rawPacket?.subarray(0, 5).toString('latin1') === 'HEAD '
    refuseConnection(socket, isHead ? { ...refusal, body: '' } : refusal, this.#dateNow())
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    this.#options.world
      .sleep(this.#limits.lingerMs, { signal: gone.signal })
      .catch(() => {}) // aborted: the client has closed first
      .finally(() => socket.destroy())
  }

  async #sweepUntilClosed(): Promise<void> {
    const { world } = this.#options
    const { signal } = this.#sweeping
    while (!signal.aborted) {
      const now = world.monotonic()
      for (const exchange of this.#exchanges) exchange.sweep(now)
      await world.sleep(sweepMs, { signal }).catch(() => {}) // aborted: the loop's condition sees it
    }
  }

  async #untilIdle(graceMs: number): Promise<void> {
    if (this.#exchanges.size === 0) return
    const idle = new AbortController()
    this.#idle = () => idle.abort()
    await this.#options.world.sleep(graceMs, { signal: idle.signal }).catch(() => {}) // aborted: idle
  }

  #dateNow(): string {
    const now = this.#options.world.now()
    const second = Math.floor(now / 1000)
    if (second !== this.#dateSecond) {
      this.#dateSecond = second
      this.#date = new Date(now).toUTCString()
    }
    return this.#date
  }
}

function contextOf({ certificate, privateKey }: TlsIdentity) {
  return { cert: certificate, key: privateKey, minVersion: 'TLSv1.3' } as const
}

const listenBacklog = 1024
const closeGraceMs = 10_000

function listenFault(
  error: NodeJS.ErrnoException,
  where: { readonly host: string; readonly port: number },
): Error {
  if (error.code === 'EADDRINUSE') return httpFault('http/address-in-use', where, error)
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL') {
    return httpFault('http/address-refused', where, error)
  }
  return error
}

/** https://nodejs.org/api/http.html#event-clienterror */
interface ClientError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer
}

/** `undefined` for a connection that broke, where there is nobody to answer. */
function clientFault({ code = '' }: NodeJS.ErrnoException): Fault<HttpFaultCode> | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return httpFault('http/headers-too-large')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return httpFault('http/headers-timeout')
  if (code === 'HPE_INVALID_EOF_STATE') return httpFault('http/body-truncated')
  if (code === 'HPE_INVALID_URL') return httpFault('http/malformed-target')
  if (code.startsWith('HPE_')) return httpFault('http/malformed-request')
  return undefined
}
