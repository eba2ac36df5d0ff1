/** Two servers that have nothing in common but what is elsewhere: a PostgreSQL, a bucket of an S3 and a Redis, each of them the real thing. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import { sha256HexOf } from '#crypto/digest'
import { type Broker, startRedis } from '../../brokers.ts'
import { whyWithout } from '../../debian-packages.ts'
import {
  checkout,
  type RunningProgram,
  type RunningStore,
  startProgram,
  startStore,
} from '../../harness.ts'
import { archiveOf } from '../../library/registry.ts'
import { callMdlibs } from '../../mdlibs/workplace.ts'
import { blockOf } from '../../operate-page.ts'
import { findPostgres, type PostgresServer, startPostgres } from '../../postgres/server.ts'
import { clientOf } from '../../sdk.ts'
import { until } from '../../until.ts'

const hasPostgres = (await findPostgres()) !== undefined
const skip = hasPostgres ? whyWithout('redis-server') : 'no PostgreSQL server to start'
const password = 'four words nobody says'
const searches = { anonymous: 4, user: 6 }
const bucket = 'mdlibs'

/** Words of the line that the page for operators has for Redis. */
function aclUser(): readonly string[] {
  const [, ...words] = blockOf('libraries', 'text', 'user mdlibs').trim().split(' ')
  return words
}

interface AskOptions {
  readonly json?: unknown
  readonly body?: Uint8Array
  readonly token?: string
  /** What a proxy says of where it comes from. */
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
}

describe('servers that share a database, a bucket and a Redis', { skip }, () => {
  let postgres: PostgresServer
  let redis: Broker
  let store: RunningStore
  let folder = ''
  let env: Readonly<Record<string, string>> = {}
  const servers: RunningProgram[] = []
  let token = ''

  const start = async (which: number): Promise<void> => {
    const MYCELIUM_DATA = join(folder, `server-${which}`)
    servers[which] = await startProgram([...checkout, 'libraries'], { ...env, MYCELIUM_DATA })
  }
  const urlOf = (which: number): string =>
    /Address +(\S+)/.exec(servers[which]?.output() ?? '')?.[1] ?? ''
  const ask = async (
    which: number,
    request: string,
    { json, body, token, from, headers = {} }: AskOptions = {},
  ) => {
    const [method = '', path = ''] = request.split(' ')
    const sent = json === undefined ? body && Uint8Array.from(body) : JSON.stringify(json)
    const type = json === undefined ? 'application/gzip' : 'application/json'
    const answer = await fetch(`${urlOf(which)}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(from === undefined ? {} : { 'x-forwarded-for': from }),
        ...(sent === undefined ? {} : { 'content-type': type }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const isJson = /json/.test(answer.headers.get('content-type') ?? '')
    const document = isJson ? JSON.parse(bytes.toString()) : undefined
    return { status: answer.status, headers: answer.headers, bytes, document }
  }
  const signIn = (which: number, text: string, username = 'ada') =>
    ask(which, 'POST /api/v1/auth/login', { json: { username, password: text } })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mycelium-shared-'))
    const flags = ['--nodes', '4', '--profile', '2+1', '--gateways', '0']
    const settings = ['fsync=off']
    ;[postgres, redis, store] = await Promise.all([
      startPostgres({ settings }),
      startRedis('--user', ...aclUser()),
      startStore({ flags }),
    ])
    const client = clientOf(store)
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    client.destroy()
    env = {
      ...{ DATABASE_URL: await postgres.newDatabase(), STORAGE_PATH: `s3://${bucket}/archives` },
      AWS_ENDPOINT_URL_S3: store.s3Url,
      AWS_ACCESS_KEY_ID: store.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
      REDIS_URL: `redis://mdlibs:a-long-secret@127.0.0.1:${redis.port}/1`,
      ...{ MYCELIUM_PROXIES: '127.0.0.1/32', REGISTRY_PORT: '0' },
      RATE_LIMIT_SEARCH: `${searches.anonymous}/${searches.user}`,
      ...{ ADMIN_USERNAME: 'ada', ADMIN_EMAIL: 'ada@example.org', ADMIN_PASSWORD: password },
      MYCELIUM_PASSPHRASE: 'the same on every server',
    }
    await Promise.all([start(0), start(1)])
    token = (await signIn(0, password)).document.token
  })
  after(async () => {
    for (const server of servers) equal(await server.stop(), 0)
    await Promise.all([
      store[Symbol.asyncDispose](),
      redis[Symbol.asyncDispose](),
      postgres[Symbol.asyncDispose](),
    ])
    await rm(folder, { recursive: true, force: true })
  })

  test('REQ-DEPLOY-003 an archive goes to the bucket under its digest, and every server gives it away', async () => {
    const files = { 'a.md': 'A gnome.\n', 'long.md': 'Another line.\n'.repeat(20_000) }
    const body = await archiveOf('@ada/handbook', '1.0.0', { files })
    const digest = sha256HexOf(body)
    const put = '/api/v1/libraries/ada/handbook/1.0.0?visibility=public&confirm_public=true'
    const published = await ask(0, `PUT ${put}`, { body, token })
    deepEqual([published.status, published.document.checksum], [201, `sha256:${digest}`])

    const client = clientOf(store)
    const listed = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
    const Key = `archives/sha256/${digest.slice(0, 2)}/${digest.slice(2, 4)}/${digest}`
    const keys = listed.Contents?.map((one) => one.Key ?? '') ?? []
    ok(keys.includes(Key))
    ok(keys.every((key) => key.startsWith('archives/sha256/')))
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
    ok(body.equals((await object.Body?.transformToByteArray()) ?? new Uint8Array()))
    client.destroy()

    const download = 'GET /api/v1/libraries/ada/handbook/1.0.0/download'
    ok(body.equals((await ask(1, download)).bytes))
    const part = await ask(1, download, { headers: { range: 'bytes=100-299' } })
    equal(part.status, 206)
    ok(body.subarray(100, 300).equals(part.bytes))

    equal(await servers[0]?.stop(), 0)
    await start(0)
    ok(body.equals((await ask(0, download)).bytes), 'after a restart')
  })

  test('mdlibs installs it from one server, and by its lock file from another', async () => {
    const mdlibs = async (which: number, ...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await callMdlibs(args, {
        ...{ directory: folder, home: join(folder, `home-${which}`) },
        env: { MDLIBS_REGISTRY_URL: urlOf(which) },
      })
      equal(code, 0, stderr)
      return stdout
    }
    match(await mdlibs(0, 'install', '@ada/handbook'), /Installed @ada\/handbook@1\.0\.0/)
    match(await mdlibs(0, 'verify'), /^✓ @ada\/handbook@1\.0\.0/)
    await rm(join(folder, 'libraries'), { recursive: true })
    await mdlibs(1, 'ci')
    match(await mdlibs(1, 'verify', '--offline'), /^✓ @ada\/handbook@1\.0\.0/)
  })

  /** Requests are counted by whole hours: work that the next one has begun in is done again. */
  const withinAnHour = async (work: (attempt: number) => Promise<void>): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const hour = (): number => Math.floor(Date.now() / 3_600_000)
      const begun = hour()
      const failure = await work(attempt).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (failure === undefined) return
      if (hour() === begun) throw failure
    }
  }
  const search = (which: number, who: Pick<AskOptions, 'from' | 'token'>) =>
    ask(which, 'GET /api/v1/libraries?q=gnome', who)
  const left = async (...asked: Parameters<typeof search>): Promise<string | null> =>
    (await search(...asked)).headers.get('x-ratelimit-remaining')

  test('REQ-LIMIT-002 the budget of an address, or a token, is one, whichever server is asked', () =>
    withinAnHour(async (attempt) => {
      const from = `203.0.113.${attempt}`
      const lefts = [await left(0, { from }), await left(1, { from }), await left(1, { from })]
      deepEqual([...lefts, await left(0, { from })], ['3', '2', '1', '0'])
      for (const which of [0, 1]) {
        const { status, headers, document } = await search(which, { from })
        deepEqual([status, document.error.code], [429, 'RATE_LIMIT_EXCEEDED'])
        ok(Number(headers.get('retry-after')) > 0)
      }
      equal((await search(0, { from: `198.51.100.1, ${from}` })).status, 429, 'a claim in front')
      equal((await search(0, { from: `${from}, 203.0.113.99` })).status, 200, 'somebody else')
      const json = { name: `budget ${attempt}`, scopes: ['read'] }
      const made = await ask(0, 'POST /api/v1/auth/tokens', { json, token })
      const own = { token: made.document.token, from }
      deepEqual([await left(0, own), await left(1, own)], ['5', '4'])
    }))

  /** So many wrong attempts at each server at the same moment as it would let pass by itself. */
  const guess = async (username: string): Promise<readonly number[]> => {
    const answers = await Promise.all(
      [0, 1, 0, 1, 0, 1, 0, 1].map((at) => signIn(at, 'x', username)),
    )
    return answers.map(({ status }) => status)
  }

  test('attempts to sign in are counted together, and a right one lets go on', async () => {
    for (const username of ['nobody', 'ada']) {
      const statuses = await guess(username)
      ok(statuses.includes(429) && statuses.includes(401), `${username}: ${statuses}`)
    }
    await until(
      () => signIn(1, password),
      ({ status }) => status === 200,
    )
    for (const which of [0, 1, 0, 1]) equal((await signIn(which, 'x')).status, 401)
    equal((await signIn(0, password)).status, 200)
  })

  test('while Redis is away each server counts by itself and says so, and together again when it is back', async () => {
    const from = '203.0.113.201'
    const tellsThat = (told: string) =>
      until(
        async () => {
          await Promise.all([0, 1].map((which) => ask(which, 'GET /api/v1/keys', { from })))
          return servers.map((server) => server.output())
        },
        (outputs) => outputs.every((output) => output.includes(told)),
      )
    await redis.kill()
    await tellsThat('Redis is away: requests and attempts to sign in are counted by this server')
    deepEqual([await left(0, { from }), await left(1, { from })], ['3', '3'])
    deepEqual([await left(0, { from }), await left(1, { from })], ['2', '2'])
    equal((await signIn(0, 'x')).status, 401)
    equal((await signIn(1, password)).status, 200)
    equal((await ask(0, 'GET /health')).status, 200, 'it is no part of what is promised')
    await redis.start()
    await tellsThat('Redis is there again')
    await withinAnHour(async (attempt) => {
      const other = { from: `203.0.113.${210 + attempt}` }
      deepEqual([await left(0, other), await left(1, other)], ['3', '2'])
    })
  })

  const checksOf = async () => {
    const headers = { accept: 'application/json' }
    const { status, document } = await ask(1, 'GET /health', { headers })
    return { status, ...document.checks }
  }

  test('REQ-OPS-001 while the database is away a server says so, and goes on when it is back', async () => {
    await postgres.stop()
    deepEqual(await checksOf(), { status: 503, database: 'unhealthy', storage: 'healthy' })
    const { status, document } = await ask(1, 'GET /api/v1/libraries/ada/handbook')
    deepEqual([status, document.error.code], [503, 'UNAVAILABLE'])
    await postgres.start()
    await until(
      () => ask(1, 'GET /api/v1/libraries/ada/handbook'),
      (answer) => answer.status === 200,
    )
    deepEqual(await checksOf(), { status: 200, database: 'healthy', storage: 'healthy' })
  })

  test('without its bucket a server says so to its operator, and to nobody that it was their mistake', async () => {
    const client = clientOf(store)
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
    for (const { Key } of Contents)
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
    await client.send(new DeleteBucketCommand({ Bucket: bucket }))
    client.destroy()
    deepEqual(await checksOf(), { status: 503, database: 'healthy', storage: 'unhealthy' })
    await until(
      async () => servers[1]?.output() ?? '',
      (output) => /endpoint\/no-such-bucket.*storage cannot be used/.test(output),
    )
    const body = await archiveOf('@ada/handbook', '1.1.0')
    const published = await ask(1, 'PUT /api/v1/libraries/ada/handbook/1.1.0', { body, token })
    deepEqual([published.status, published.document.error.code], [500, 'INTERNAL'])
    const { status } = await ask(1, 'GET /api/v1/libraries/ada/handbook/1.1.0', { token })
    equal(status, 404, 'nothing of it is seen')
    equal((await ask(1, 'GET /api/v1/libraries/ada/handbook/1.0.0')).status, 200)
    equal((await ask(1, 'GET /api/v1/libraries/ada/handbook/1.0.0/download')).status, 500)
  })
})
