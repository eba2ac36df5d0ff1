/** One server that speaks Redis's protocol: no cluster, no sentinels. https://redis.io/docs/latest/develop/reference/protocol-spec/ */
import { createClient, ErrorReply } from '@redis/client'
import { redisFault } from '#redis/faults'

const connectMs = 10_000

export interface RedisOptions {
  /** `redis://HOST:PORT/DATABASE`, or `rediss://…` where the server is to prove who it is. */
  readonly url: string
  readonly user?: string | undefined
  readonly secret?: string | undefined
}

export interface Redis extends AsyncDisposable {
  /** One command; resolves once the server has done it. `redis/unavailable` */
  do(command: readonly string[]): Promise<void>
}

/** Connects once; whoever loses the connection opens another. `redis/unavailable` */
export async function openRedis({ url, user, secret }: RedisOptions): Promise<Redis> {
  const client = createClient({
    url,
    RESP: 2, // what every server speaks
    name: 'mycelium',
    disableOfflineQueue: true,
    socket: { connectTimeout: connectMs, reconnectStrategy: false },
    ...(user === undefined ? {} : { username: user }),
    ...(secret === undefined ? {} : { password: secret }),
  })
  client.on('error', () => {}) // whoever waits for an answer hears of it
  await client.connect().catch((error: unknown) => {
    client.destroy()
    throw unavailable(error)
  })
  return {
    async do(command) {
      await client.sendCommand([...command]).catch((error: unknown) => {
        throw unavailable(error)
      })
    },
    async [Symbol.asyncDispose]() {
      if (client.isOpen) client.destroy()
    },
  }
}

const words: Readonly<Record<string, string>> = {
  NOAUTH: 'it wants to know who we are',
  WRONGPASS: 'it does not know these credentials',
  NOPERM: 'it does not allow this',
  OOM: 'it is full',
  LOADING: 'it is starting',
  READONLY: 'it is a replica',
  MOVED: 'it is one of a cluster',
  WRONGTYPE: 'there is something else under that name',
}

/** The server's own words may repeat what was sent: only their first, its code, is told. */
function unavailable(error: unknown): Error {
  const code = error instanceof ErrorReply ? error.message.split(' ', 1)[0] : codeOf(error)
  const reason = words[code ?? ''] ?? code ?? 'unknown'
  return redisFault('redis/unavailable', { reason }, error)
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
