/** One Redis server by its URL: no cluster, no sentinels. */
import {
  openRedisConnection,
  type RedisAnswer,
  type RedisConnection,
  type RedisConnectionOptions,
  type RedisLimits,
} from '#redis/connection'
import { redisFault } from '#redis/faults'

const portDefault = 6379

export interface RedisOptions extends Pick<RedisConnectionOptions, 'world'> {
  /** `redis://HOST:PORT/DATABASE`, or `rediss://…` where the server is to prove who it is. Without credentials. */
  readonly url: string
  readonly user?: string | undefined
  readonly secret?: string | undefined
  readonly limits?: RedisLimits
}

export interface Redis extends AsyncDisposable {
  /** One command; resolves once the server has done it. The faults of `RedisConnection.call`. */
  do(command: readonly string[]): Promise<void>
  /** One command that is answered with a whole number. Besides, `redis/malformed` for any other answer. */
  count(command: readonly string[]): Promise<number>
}

/** Connects once; whoever loses the connection opens another. The faults of `RedisConnection.call`. */
export async function openRedis({
  url,
  user,
  secret,
  limits,
  world,
}: RedisOptions): Promise<Redis> {
  const { protocol, hostname, port, pathname } = new URL(url)
  const connection = await openRedisConnection({
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? portDefault : Number(port),
    tls: protocol === 'rediss:' ? {} : undefined,
    ...limits,
    world,
  })
  try {
    if (user !== undefined) await call(connection, ['AUTH', user, secret ?? ''])
    else if (secret !== undefined) await call(connection, ['AUTH', secret])
    await call(connection, ['CLIENT', 'SETNAME', 'mycelium'])
    await call(connection, ['SELECT', pathname.slice(1) || '0'])
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
  return {
    async do(command) {
      await call(connection, command)
    },
    async count(command) {
      const answer = await call(connection, command)
      if (answer.kind === 'integer') return answer.value
      throw redisFault('redis/malformed', { server: connection.server })
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}

async function call(connection: RedisConnection, words: readonly string[]): Promise<RedisAnswer> {
  return await connection.call(words.map((word) => Buffer.from(word)))
}
