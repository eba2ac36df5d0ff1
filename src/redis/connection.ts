/** One connection to one server: commands go out one behind the other, answers come back in their order, and nothing is waited for for ever. */
import { connect, type Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { type FaultDetail, isFault } from '#fault/fault'
import { connectTls } from '#redis/_node-tls'
import { brokenConnection, refusalOf } from '#redis/_refusal'
import { redisFault } from '#redis/faults'
import { valueBytesMax } from '#redis/limits'
import { ReplyReader, type RoomFor } from '#redis/reply-reader'
import { encodeRequest, type RespReply } from '#redis/resp'
import { Permits } from '#stream/permits'
import type { World } from '#world/world'

export const connectMsDefault = 10_000
export const commandMsDefault = 30_000
/** Of requests that were sent, or are being sent, and have no answer yet. */
export const inFlightBytesDefault = 16 * 1024 * 1024
/** The longest value a server may answer with. */
export const valueBytesDefault = valueBytesMax
/** Commands without an answer at a time; who comes when there are as many waits. */
const commandsInFlightMax = 128

export interface RedisTls {
  /** Certificates of authorities to believe, in PEM; the system's when left out. */
  readonly ca?: string | undefined
  /** What its certificate is for; the host when left out. */
  readonly name?: string | undefined
}

export interface RedisPlace {
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** Clear text without. */
  readonly tls?: RedisTls | undefined
}

/** Milliseconds and bytes; what is left out has the default of that name. */
export interface RedisLimits {
  /** Until the server is reached, TLS included. */
  readonly connectMs?: number | undefined
  /** For one answer, counted from when all before it were there. */
  readonly commandMs?: number | undefined
  readonly inFlightBytesMax?: number | undefined
  readonly valueBytesMax?: number | undefined
}

export interface RedisConnectionOptions extends RedisPlace, RedisLimits {
  readonly world: Pick<World, 'timer'>
  /** Ends it, open or still opening: who waits hears `redis/unavailable`. */
  readonly signal?: AbortSignal | undefined
}

/** An answer that is no refusal. */
export type RedisAnswer = Exclude<RespReply, { readonly kind: 'error' }>

/** `redis/unavailable`, `redis/timeout` */
export async function openRedisConnection(
  options: RedisConnectionOptions,
): Promise<RedisConnection> {
  const inlet: Inlet = { gap: () => undefined, filled: () => {}, take: () => {} }
  return new RedisConnection(await openSocket(options, inlet), inlet, options)
}

/** As people write it: `host:port`, with brackets where they are needed. */
export function printRedisPlace({ host, port }: RedisPlace): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

interface Waiting {
  readonly roomFor: RoomFor | undefined
  readonly resolve: (reply: RespReply) => void
  readonly reject: (error: unknown) => void
}

/** Use `openRedisConnection`. */
export class RedisConnection implements AsyncDisposable {
  /** `host:port`, for faults. */
  readonly server: string
  readonly #socket: Socket
  readonly #world: Pick<World, 'timer'>
  readonly #where: FaultDetail
  readonly #commandMs: number
  readonly #permits: Permits
  readonly #bytesMin: number
  readonly #reader: ReplyReader
  readonly #waiting: Waiting[] = []
  readonly #end = Promise.withResolvers<void>()
  #failure: unknown
  #stopClock = (): void => {}

  constructor(socket: Socket, inlet: Inlet, options: RedisConnectionOptions) {
    const {
      world,
      commandMs = commandMsDefault,
      inFlightBytesMax = inFlightBytesDefault,
      valueBytesMax = valueBytesDefault,
    } = options
    this.#socket = socket
    this.#world = world
    this.server = printRedisPlace(options)
    this.#where = { server: this.server }
    this.#commandMs = commandMs
    this.#permits = new Permits(inFlightBytesMax)
    this.#bytesMin = Math.ceil(inFlightBytesMax / commandsInFlightMax)
    const roomFor: RoomFor = (bytes) => this.#waiting[0]?.roomFor?.(bytes)
    this.#reader = new ReplyReader({ valueBytesMax, roomFor })
    inlet.gap = () => this.#reader.gap
    inlet.filled = (bytes) => this.#onData((reader) => reader.filled(bytes))
    inlet.take = (piece) => this.#onData((reader) => reader.give(piece))
    socket.on('error', (error) => this.#fail(brokenConnection(error, this.#where)))
    socket.on('close', () => this.#fail(brokenConnection(undefined, this.#where)))
    socket.setNoDelay(true)
    const { signal } = options
    const onAbort = (): void => this.#fail(closedByUs(this.#where))
    signal?.addEventListener('abort', onAbort, { once: true })
    void this.ended.then(() => signal?.removeEventListener('abort', onAbort))
  }

  /** Resolves when nothing can be asked any more, whoever ended it. */
  get ended(): Promise<void> {
    return this.#end.promise
  }

  /**
   * One command, once there is room for it. What the server refuses is a fault that names the server and what helps, and the connection
   * goes on; all others end it. Long arguments must not change until it settles, and nobody reads them after that. A value that is answered comes to
   * lie in `roomFor` its length: nobody writes there any more once the call has settled.
   * `redis/unavailable`, `redis/timeout`, `redis/login-refused`, `redis/denied`, `redis/full`, `redis/refused`, `redis/too-large`, `redis/malformed`
   */
  async call(args: readonly Uint8Array[], roomFor?: RoomFor): Promise<RedisAnswer> {
    const bytes = args.reduce((sum, arg) => sum + arg.length, 0)
    const giveBack = await this.#permits.take(Math.max(bytes, this.#bytesMin))
    try {
      if (this.#failure !== undefined) throw this.#failure
      const answered = new Promise<RespReply>((resolve, reject) => {
        this.#waiting.push({ roomFor, resolve, reject })
      })
      if (this.#waiting.length === 1) this.#restartClock()
      this.#write(encodeRequest(args))
      const reply = await answered
      if (reply.kind === 'error') throw refusalOf(reply.text, this.#where)
      return reply
    } finally {
      giveBack()
    }
  }

  /** Who still waits hears `redis/unavailable`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(closedByUs(this.#where))
    await this.ended
  }

  #write(pieces: readonly Uint8Array[]): void {
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #onData(read: (reader: ReplyReader) => void): void {
    try {
      read(this.#reader)
      for (let reply = this.#reader.next(); reply !== undefined; reply = this.#reader.next()) {
        const first = this.#waiting.shift()
        if (first === undefined) {
          throw redisFault('redis/malformed', { reason: 'it answers what was not asked' })
        }
        this.#restartClock()
        first.resolve(reply)
      }
    } catch (error) {
      if (!isFault(error, 'redis/malformed', 'redis/too-large')) throw error
      this.#fail(redisFault(error.code, { ...this.#where, ...error.detail }))
    }
  }

  /** For the one that waits longest, if any does. */
  #restartClock(): void {
    this.#stopClock()
    if (this.#waiting.length === 0) {
      this.#stopClock = () => {}
      return
    }
    const ms = this.#commandMs
    this.#stopClock = this.#world.timer(ms, () => {
      const reason = `no answer within ${ms} ms`
      this.#fail(redisFault('redis/timeout', { ...this.#where, reason }))
    })
  }

  #fail(failure: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#stopClock()
    this.#socket.destroy()
    for (const { reject } of this.#waiting.splice(0)) reject(failure)
    this.#end.resolve()
  }
}

function closedByUs(where: FaultDetail): Error {
  return redisFault('redis/unavailable', { ...where, reason: 'we closed it' })
}

/** What comes off a socket goes through here. */
interface Inlet {
  /** Where the next bytes may be read into; then they are `filled`. */
  gap: () => Uint8Array | undefined
  filled: (bytes: number) => void
  /** A piece is not kept: its memory is that of the next. */
  take: (piece: Uint8Array) => void
}

const readBytes = 64 * 1024

async function openSocket(options: RedisConnectionOptions, inlet: Inlet): Promise<Socket> {
  const { world, connectMs = connectMsDefault, host, port, tls, signal } = options
  const where = { server: printRedisPlace(options) }
  const socket =
    tls === undefined ? connectPlain({ host, port }, inlet) : connectTls(tlsOptions(options, tls))
  if (tls !== undefined) socket.on('data', (piece: Buffer) => inlet.take(piece)) // no encoding is set
  const reached = Promise.withResolvers<void>()
  const stop = world.timer(connectMs, () =>
    reached.reject(
      redisFault('redis/timeout', { ...where, reason: `no connection within ${connectMs} ms` }),
    ),
  )
  const onAbort = (): void => reached.reject(closedByUs(where))
  if (signal?.aborted === true) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  const onError = (error: Error): void => reached.reject(brokenConnection(error, where))
  socket.once('error', onError)
  socket.once(tls === undefined ? 'connect' : 'secureConnect', () => reached.resolve())
  try {
    await reached.promise
    return socket
  } catch (error) {
    socket.on('error', () => {}) // nobody listens any more
    socket.destroy()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    stop()
    socket.off('error', onError)
  }
}

/**
 * Values are read to where they are wanted, the rest into one buffer: large values in fresh ones keep the collector busier than anything else, and
 * each byte that is copied once more costs as much as taking it from the socket.
 */
function connectPlain(place: Pick<RedisPlace, 'host' | 'port'>, inlet: Inlet): Socket {
  const common = Buffer.allocUnsafeSlow(readBytes)
  let gap: Uint8Array | undefined
  const buffer = (): Uint8Array => {
    gap = inlet.gap()
    return gap ?? common
  }
  const callback = (bytes: number): boolean => {
    if (gap === undefined) inlet.take(common.subarray(0, bytes))
    else inlet.filled(bytes)
    return true
  }
  return connect({ ...place, onread: { buffer, callback } })
}

function tlsOptions({ host, port }: RedisPlace, { ca, name = host }: RedisTls): ConnectionOptions {
  const isAddress = /^[\d.]+$|:/.test(name) // which has no place in a handshake
  return {
    host,
    port,
    ...(isAddress ? {} : { servername: name }),
    ...(ca === undefined ? {} : { ca }),
  }
}
