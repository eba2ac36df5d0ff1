/** A listener that speaks RESP2. It reads requests, keeps its clients within their limits and sends answers; what commands mean is its sessions' affair. */
import { strict as assert } from 'node:assert'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls'
import { ServedConnection } from '#redis/_served-connection'
import { listenFault } from '#redis/faults'
import { type RedisServerLimits, redisServerLimits } from '#redis/limits'
import { encodeReply } from '#redis/resp'
import type { RedisSession } from '#redis/session'
import { Permits } from '#stream/permits'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface RedisTlsIdentity {
  /** In PEM, with those above it. */
  readonly certificate: string
  readonly privateKey: string
}

export interface RedisServerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** TLS 1.3 with this identity; clear text without. */
  readonly tls?: RedisTlsIdentity | undefined
  /** For a connection from the address `peer`. */
  readonly open: (peer: string) => RedisSession
  readonly limits?: Partial<RedisServerLimits>
  readonly world: World
  readonly telemetry: Pick<Telemetry, 'note'>
}

/** Listens when the promise resolves. `redis/address-in-use`, `redis/address-refused` */
export async function openRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const server = new RedisServer(options)
  await server.listen()
  return server
}

/** Use `openRedisServer`. */
export class RedisServer implements AsyncDisposable {
  readonly #options: RedisServerOptions
  readonly #limits: RedisServerLimits
  readonly #server: Server
  readonly #connections = new Set<ServedConnection>()
  /** Those below them, and those that are none yet. */
  readonly #sockets = new Set<Socket>()
  readonly #rooms: { readonly requests: Permits; readonly values: Permits }
  #isClosing = false

  constructor(options: RedisServerOptions) {
    this.#options = options
    this.#limits = { ...redisServerLimits, ...options.limits }
    this.#rooms = {
      requests: new Permits(this.#limits.longRequestsMax),
      values: new Permits(this.#limits.valuesOutMax),
    }
    const { tls } = options
    const take = (socket: Socket): void => void this.#serve(socket)
    this.#server =
      tls === undefined
        ? createServer({ noDelay: true, allowHalfOpen: true }, take) // a client may close its side before our answer
        : createTlsServer(
            { noDelay: true, ...contextOf(tls), handshakeTimeout: this.#limits.handshakeMs },
            take,
          )
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server.maxConnections = this.#limits.connectionsMax + unservedMax
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(listenTrouble(error, { host, port })),
      )
      this.#server.listen({ host, port, backlog: listenBacklog }, resolve)
    })
  }

  /** The port in use, also when 0 was asked for. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  get connections(): number {
    return this.#connections.size
  }

  /** From the next connection on; those that are open keep what they began with. The listener must have been opened with TLS. */
  identify(tls: RedisTlsIdentity): void {
    assert(this.#server instanceof TlsServer)
    this.#server.setSecureContext(contextOf(tls))
  }

  /** Stops accepting, answers what is being done, and returns when all connections are gone. After `graceMs` what is left is cut. */
  async close({ graceMs = closeGraceMs }: { readonly graceMs?: number } = {}): Promise<void> {
    if (!this.#server.listening) return
    this.#isClosing = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const connection of this.#connections) connection.endSoon()
    const stop = this.#options.world.timer(graceMs, () => {
      for (const socket of this.#sockets) socket.destroy()
    })
    await closed
    stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #serve(socket: Socket): Promise<void> {
    socket.on('error', () => {}) // whoever reads or writes hears of it
    if (this.#isClosing || this.#connections.size >= this.#limits.connectionsMax) {
      refuse(socket, 'ERR max number of clients reached')
      return
    }
    const connection = new ServedConnection(socket, {
      session: this.#options.open(socket.remoteAddress ?? ''),
      rooms: this.#rooms,
      limits: this.#limits,
      world: this.#options.world,
    })
    this.#connections.add(connection)
    try {
      await connection.run()
    } catch (error) {
      this.#options.telemetry.note('error', 'a redis connection failed', { error })
    } finally {
      connection.cut()
      this.#connections.delete(connection)
    }
  }
}

function refuse(socket: Socket, text: string): void {
  for (const piece of encodeReply({ kind: 'error', text })) socket.write(piece)
  socket.destroySoon()
}

function contextOf({ certificate, privateKey }: RedisTlsIdentity) {
  return { cert: certificate, key: privateKey, minVersion: 'TLSv1.3' } as const
}

/** Connections that are being refused in words, or are in the middle of a handshake; what is more is cut off. */
const unservedMax = 256
const listenBacklog = 511
const closeGraceMs = 10_000

function listenTrouble(
  error: NodeJS.ErrnoException,
  where: { readonly host: string; readonly port: number },
): Error {
  if (error.code === 'EADDRINUSE') return listenFault('redis/address-in-use', where, error)
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL') {
    return listenFault('redis/address-refused', where, error)
  }
  return error
}
