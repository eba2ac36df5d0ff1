/** A table that others write into as well, a server that goes away, a process that is killed. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { exitCodes } from '#main/exit-codes'
import { whyWithout } from '../../debian-packages.ts'
import { runMycelium } from '../../harness.ts'
import { startPooler } from '../../postgres/pooler.ts'
import { ask, findPostgres, type PostgresServer, startPostgres } from '../../postgres/server.ts'
import { until } from '../../until.ts'
import { RawConnection } from '../s3/raw-http.ts'
import {
  bytesOf,
  get,
  hashOf,
  known,
  manifestOf,
  post,
  type RunningRegistry,
  startRegistry,
} from './registry-server.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** As the registry in Rust makes it at its start. */
const tableOfRust = `
  create table if not exists blobs (
    hash BYTEA PRIMARY KEY, data BYTEA NOT NULL, size BIGINT NOT NULL, created_at TIMESTAMPTZ DEFAULT NOW()
  );
  create index if not exists idx_blobs_created_at on blobs(created_at)`
/** And what it runs for each upload. */
const insertOfRust = (manifest: Uint8Array): string =>
  `insert into blobs (hash, data, size) values ('\\x${hashOf(manifest)}', '\\x${hex(manifest)}', ${manifest.length}) on conflict (hash) do nothing`

const hasServer = (await findPostgres()) !== undefined
const withoutPooler = hasServer && whyWithout('pgbouncer')

describe('the registry on PostgreSQL', {
  skip: !hasServer && 'no PostgreSQL server to start',
}, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres()
  })
  after(() => server[Symbol.asyncDispose]())

  test('makes the table that the registry in Rust makes', async () => {
    const [ours, theirs] = [await server.newDatabase(), await server.newDatabase()]
    await using registry = await startRegistry({ env: { DATABASE_URL: ours } })
    ok(registry)
    await ask(theirs, tableOfRust)
    const shape = async (url: string) => [
      await ask(
        url,
        `select column_name, data_type, is_nullable, column_default from information_schema.columns where table_name = 'blobs' order by ordinal_position`,
      ),
      await ask(
        url,
        `select indexname, indexdef from pg_indexes where tablename = 'blobs' order by 1`,
      ),
    ]
    const made = await shape(ours)
    equal(made[0]?.length, 4)
    deepEqual(made, await shape(theirs))
    const tables = await ask(
      ours,
      `select relname from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace`,
    )
    deepEqual(tables, [{ relname: 'blobs' }], 'and no other: there is no lease')
  })

  test('shares a table with rows: reads theirs, they read ours, and a row once written stays', async () => {
    const url = await server.newDatabase()
    const theirs = manifestOf('from Rust')
    await ask(url, tableOfRust)
    await ask(url, insertOfRust(theirs))
    await using registry = await startRegistry({ env: { DATABASE_URL: url } })
    deepEqual(await bytesOf(await get(registry, hashOf(theirs))), theirs)
    const before = await ask(url, `select * from blobs`)
    equal((await post(registry, theirs)).status, 200)
    deepEqual(await ask(url, `select * from blobs`), before, 'first writer wins: its time, too')
    equal((await post(registry, known.manifest)).status, 200)
    const [row] = await ask(
      url,
      `select *, created_at > now() - interval '1 minute' as new from blobs where hash = '\\x${known.hash}'`,
    )
    deepEqual([row?.['data'], row?.['size'], row?.['new']], [known.manifest, '218', true])
    await ask(url, insertOfRust(known.manifest))
    deepEqual(await bytesOf(await get(registry, known.hash)), known.manifest)
  })

  test('a role that may not make tables uses those that are there', async () => {
    const url = await server.newDatabase()
    await ask(url, tableOfRust)
    await ask(
      url,
      `create role reader login; grant select, insert on blobs to reader; revoke create on schema public from public`,
    )
    const env = { DATABASE_URL: Object.assign(new URL(url), { username: 'reader' }).href }
    await using registry = await startRegistry({ env })
    equal((await post(registry, known.manifest)).status, 200)
    deepEqual(await bytesOf(await get(registry, known.hash)), known.manifest)
  })

  test('knows the flags of the registry in Rust, and a password from a file or the environment', async () => {
    const url = new URL(await server.newDatabase())
    const flags = [
      ...[
        '--db-user',
        'mycelium',
        '--db-password',
        'not asked for',
        '--db-name',
        url.pathname.slice(1),
      ],
      ...['--db-host', '127.0.0.1', '--db-port', url.port],
    ]
    await using registry = await startRegistry({ flags })
    match(registry.output(), /Whoever lists processes sees --db-password/)
    ok(!registry.output().includes('not asked for'))
    equal((await post(registry, known.manifest)).status, 200)
    equal((await ask(url.href, 'select hash from blobs')).length, 1)
    const file = join(registry.data, 'password')
    await writeFile(file, 'secret\n')
    const quiet = flags.filter((_, index) => index !== 2 && index !== 3)
    await using other = await startRegistry({ flags: [...quiet, '--db-password-file', file] })
    ok(!other.output().includes('Warning'))
    deepEqual(await bytesOf(await get(other, known.hash)), known.manifest)
  })

  test('answers 503 while the server is away, and goes on when it is back', async () => {
    const url = await server.newDatabase()
    await using registry = await startRegistry({ env: { DATABASE_URL: url } })
    await post(registry, known.manifest)
    await server.stop()
    const away = await get(registry, known.hash)
    equal(away.status, 503)
    ok(away.headers.get('retry-after'))
    equal((await post(registry, manifestOf('meanwhile'))).status, 503)
    equal((await fetch(`${registry.url}/health`)).status, 503)
    await server.start()
    await until(
      async () => (await fetch(`${registry.url}/health`)).status,
      (status) => status === 200,
    )
    deepEqual(await bytesOf(await get(registry, known.hash)), known.manifest)
    equal((await post(registry, manifestOf('meanwhile'))).status, 200)
  })

  test('a server that is away at the start is told in a sentence', async () => {
    const env = { DATABASE_URL: 'postgres://mycelium:secret@127.0.0.1:9/none' }
    const { code, stderr } = await runMycelium(['registry', '--port', '0'], { env })
    equal(code, exitCodes.database)
    match(stderr, /The database at 127\.0\.0\.1:9\/none cannot be used/)
    ok(!stderr.includes('secret'))
  })

  test('what is old is forgotten, by one of several at a time; what has no age stays', async () => {
    const url = await server.newDatabase()
    await ask(url, tableOfRust)
    const row = (name: string, age: string): string =>
      `('\\x${hashOf(manifestOf(name))}', '\\x${hex(manifestOf(name))}', 200, ${age})`
    const rows = [
      ...Array.from({ length: 450 }, (_, index) =>
        row(`old ${index}`, `now() - interval '31 days'`),
      ),
      row('young', `now() - interval '29 days'`),
      row('ageless', 'null'),
    ]
    await ask(url, `insert into blobs values ${rows.join(', ')}`)
    const env = { DATABASE_URL: url }
    const flags = ['--keep-days', '30']
    await using one = await startRegistry({ env, flags })
    await using other = await startRegistry({ env, flags })
    await until(
      async () => (await ask(url, 'select 1 from blobs')).length,
      (rows) => rows === 2,
    )
    equal((await get(one, hashOf(manifestOf('young')))).status, 200)
    equal((await get(other, hashOf(manifestOf('ageless')))).status, 200)
    await until(
      async () => one.output() + other.output(),
      (output) => output.includes('old manifests removed'),
    )
  })

  test('works behind PgBouncer in transaction mode', {
    skip: withoutPooler,
  }, async () => {
    await using pooler = await startPooler(server)
    const url = pooler.through(await server.newDatabase())
    await using registry = await startRegistry({ env: { DATABASE_URL: url } })
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const manifest = manifestOf(`pooled ${index}`, 3_000)
        equal((await post(registry, manifest)).status, 200)
        deepEqual(await bytesOf(await get(registry, hashOf(manifest))), manifest)
      }),
    )
  })

  test('what was acknowledged is there after the process, and then the server, is killed', async () => {
    const url = await server.newDatabase()
    const registry = await startRegistry({ env: { DATABASE_URL: url } })
    const kept = await uploadUntilKilled(registry)
    await server.kill()
    await server.start()
    await using again = await startRegistry({ env: { DATABASE_URL: url } })
    await allThere(again, kept)
  })
})

describe('the registry on SQLite', () => {
  let data: string
  before(async () => {
    data = await mkdtemp(join(tmpdir(), 'mycelium-registry-'))
  })
  after(() => rm(data, { recursive: true }))

  test('what was acknowledged is there after the process is killed', async () => {
    const kept = await uploadUntilKilled(await startRegistry({ data }))
    await using again = await startRegistry({ data })
    await allThere(again, kept)
  })

  test('one process at a time uses a directory', async () => {
    await using registry = await startRegistry({ data })
    ok(registry)
    const { code, stderr } = await runMycelium(['registry', '--data', data, '--port', '0'])
    equal(code, exitCodes.inUse)
    match(stderr, /in use by mycelium registry/)
  })

  test('what is old is forgotten', async () => {
    const { DatabaseSync } = await import('node:sqlite')
    const first = await startRegistry({ data })
    for (const name of ['old', 'young']) await post(first, manifestOf(name))
    equal(await first.stop(), 0)
    const file = new DatabaseSync(join(data, 'registry.sqlite'))
    const old = Buffer.from(hashOf(manifestOf('old')), 'hex')
    file.prepare('update blobs set created_at = created_at - 31 * 86400 where hash = ?').run(old)
    file.close()
    await using registry = await startRegistry({ data, flags: ['--keep-days', '30'] })
    await until(
      async () => (await get(registry, hashOf(manifestOf('old')))).status,
      (status) => status === 404,
    )
    equal((await get(registry, hashOf(manifestOf('young')))).status, 200)
  })
})

test('a request that is under way when SIGTERM comes is answered', async () => {
  await using registry = await startRegistry()
  const manifest = manifestOf('under way', 100_000)
  const head = Buffer.from('--b\r\nContent-Disposition: form-data; name="data"\r\n\r\n')
  const form = Buffer.concat([head, manifest, Buffer.from('\r\n--b--\r\n')])
  await using connection = await RawConnection.open(registry.port)
  await connection.send(
    `POST /api/v1/metadata HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${form.length}\r\n\r\n`,
  )
  equal((await connection.answer())?.status, 100)
  await connection.send(form.subarray(0, 50_000))
  const ended = once(registry.child, 'exit')
  registry.child.kill('SIGTERM')
  await until(
    async () => registry.output(),
    (output) => output.includes('Stopping'),
  )
  await connection.send(form.subarray(50_000))
  equal((await connection.answer())?.status, 200)
  deepEqual(await ended, [0, null])
})

async function uploadUntilKilled(registry: RunningRegistry): Promise<readonly Buffer[]> {
  const kept: Buffer[] = []
  const lanes = Array.from({ length: 8 }, async (_, lane) => {
    for (let index = 0; ; index++) {
      const manifest = manifestOf(`${lane}-${index}-${registry.port}`, 500)
      const answer = await post(registry, manifest).catch(() => undefined)
      if (answer === undefined) return
      if (answer.status === 200) kept.push(manifest)
      if (kept.length === 100) await registry.kill()
    }
  })
  await Promise.all(lanes)
  ok(kept.length >= 100)
  return kept
}

async function allThere(registry: RunningRegistry, kept: readonly Buffer[]): Promise<void> {
  notEqual(kept.length, 0)
  for (const manifest of kept)
    deepEqual(await bytesOf(await get(registry, hashOf(manifest))), manifest)
}
