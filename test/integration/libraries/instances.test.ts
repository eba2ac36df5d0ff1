/** Several servers on one PostgreSQL and one directory: they know the same people and libraries at the same moment, and decide once. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkout, type RunningProgram, startProgram } from '../../harness.ts'
import { archiveOf } from '../../library/registry.ts'
import { findPostgres, type PostgresServer, startPostgres } from '../../postgres/server.ts'

const skip = (await findPostgres()) === undefined && 'no PostgreSQL server to start'
const password = 'four words nobody says'

describe('REQ-OPS-004 two servers on one database', { skip }, () => {
  let postgres: PostgresServer
  let folder = ''
  const servers: RunningProgram[] = []
  const urls: string[] = []
  let token = ''

  const ask = async (
    which: number,
    request: string,
    { json, body, ...how }: { json?: unknown; body?: Uint8Array; as?: string | undefined } = {},
  ) => {
    const [method = '', path = ''] = request.split(' ')
    const as = 'as' in how ? how.as : token
    const type = json === undefined ? 'application/gzip' : 'application/json'
    const sent = json === undefined ? body && Uint8Array.from(body) : JSON.stringify(json)
    const response = await fetch(`${urls[which]}/api/v1${path}`, {
      method,
      headers: {
        ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
        ...(sent === undefined ? {} : { 'content-type': type }),
      },
      ...(sent === undefined ? {} : { body: sent }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, document: isJson ? JSON.parse(text) : text }
  }

  before(async () => {
    postgres = await startPostgres()
    folder = await mkdtemp(join(tmpdir(), 'mycelium-instances-'))
    const env = {
      ...{ DATABASE_URL: await postgres.newDatabase(), STORAGE_PATH: join(folder, 'archives') },
      ...{ ADMIN_USERNAME: 'ada', ADMIN_EMAIL: 'ada@example.org', ADMIN_PASSWORD: password },
      ...{ MYCELIUM_PASSPHRASE: 'the same on every server', MYCELIUM_DATA: folder },
      ...{ REGISTRY_PORT: '0', MYCELIUM_AUDIT_TO: 'stdout' },
    }
    servers.push(
      ...(await Promise.all([1, 2].map(() => startProgram([...checkout, 'libraries'], env)))),
    )
    for (const { output } of servers) urls.push(/Address +(\S+)/.exec(output())?.[1] ?? '')
    const login = { username: 'ada', password }
    const signedIn = await ask(0, 'POST /auth/login', { json: login, as: undefined })
    token = signedIn.document.token
  })
  after(async () => {
    const [first, killed] = servers
    await killed?.stop()
    equal(await first?.stop(), 0)
    await postgres[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('what one has published the other one gives away, and finds', async () => {
    const body = await archiveOf('@ada/handbook', '1.0.0', { files: { 'a.md': 'A gnome.\n' } })
    const put = 'PUT /libraries/ada/handbook/1.0.0?visibility=public&confirm_public=true'
    equal((await ask(0, put, { body })).status, 201)
    equal((await ask(1, put, { body })).status, 200, 'the same again, elsewhere')
    const [one, other] = await Promise.all(
      [0, 1].map((at) => ask(at, 'GET /libraries/ada/handbook')),
    )
    deepEqual(one, other)
    equal((await ask(1, 'GET /libraries?q=gnome')).document.pagination.total, 1)
    equal((await ask(1, 'GET /libraries/ada/handbook/1.0.0/download')).status, 200)
  })

  test('of publishers of one version at the same moment, one wins', async () => {
    const bodies = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        archiveOf('@ada/contested', '1.0.0', { description: `attempt ${n}` }),
      ),
    )
    const answers = await Promise.all(
      bodies.map((body, n) => ask(n % 2, 'PUT /libraries/ada/contested/1.0.0', { body })),
    )
    const statuses = answers.map(({ status }) => status).sort()
    deepEqual(statuses, [201, 409, 409, 409, 409, 409])
    const winner = answers.find(({ status }) => status === 201)
    const kept = await ask(1, 'GET /libraries/ada/contested/1.0.0')
    equal(kept.document.checksum, winner?.document.checksum)
  })

  test('a token that one has revoked is refused by the other from then on', async () => {
    const made = await ask(0, 'POST /auth/tokens', { json: { name: 'short', scopes: ['read'] } })
    const as: string = made.document.token
    equal((await ask(1, 'GET /users/me', { as })).status, 200)
    equal((await ask(0, `DELETE /auth/tokens/${made.document.id}`)).status, 204)
    equal((await ask(1, 'GET /users/me', { as })).status, 401)
  })

  test('REQ-REL-003 one that is killed while it takes an archive leaves nothing that is seen', async () => {
    const [, victim] = servers
    const body = await archiveOf('@ada/cut-off', '1.0.0', {
      files: { 'large.md': Array.from({ length: 100_000 }, (_, n) => `Line ${n * n}.`).join('\n') },
    })
    const half = body.subarray(0, body.length / 2)
    const sent = Promise.withResolvers<void>()
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Uint8Array.from(half))
        sent.resolve()
      },
    })
    const upload = fetch(`${urls[1]}/api/v1/libraries/ada/cut-off/1.0.0`, {
      ...{ method: 'PUT', body: stream, duplex: 'half' },
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/gzip' },
    } as RequestInit).then(
      () => 'answered',
      () => 'cut',
    )
    await sent.promise
    await ask(1, 'GET /keys') // it is busy with the upload by now
    await victim?.kill()
    equal(await upload, 'cut')
    equal((await ask(0, 'GET /libraries/ada/cut-off')).status, 404)
    equal((await ask(0, 'PUT /libraries/ada/cut-off/1.0.0', { body })).status, 201)
  })

  test('REQ-MON-003 who published what is in the audit log, and no secret is', () => {
    const [first] = servers
    const lines = (first?.output() ?? '')
      .split('\n')
      .filter((line) => line.startsWith('{"sequence"'))
    const told = lines.map((line) => JSON.parse(line))
    ok(
      told.some(
        ({ operation, subject }) =>
          operation === 'PublishVersion' && subject === 'ada handbook 1.0.0',
      ),
    )
    ok(told.some(({ operation }) => operation === 'Login'))
    ok(!(first?.output() ?? '').includes(token) && !(first?.output() ?? '').includes(password))
  })
})
