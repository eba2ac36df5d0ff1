/** The real program with its metadata on a real PostgreSQL server: crashes, lost and old databases, the server away, others on it. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { openPostgres } from '#sql/postgres'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { type Ended, runMycelium, startStore } from '../harness.ts'
import { ask, findPostgres, startPostgres } from '../postgres/server.ts'
import { bucketOf, bytesOf, type TestBucket } from '../s3-bucket.ts'
import { stateOf } from '../s3-state.ts'
import { healthOf, until } from '../until.ts'

const hasPostgres = (await findPostgres()) !== undefined
const server = hasPostgres ? await startPostgres() : undefined
after(() => server?.[Symbol.asyncDispose]())
const shape = ['--nodes', '3', '--profile', '2+1', '--chunk-size', '4MiB', '--log', 'warn']

async function temporary(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mycelium-postgresql-'))
  context.after(() => rm(path, { recursive: true, force: true }))
  return path
}

interface Place {
  readonly data: string
  readonly url: string
}

async function newPlace(context: TestContext): Promise<Place> {
  return { data: await temporary(context), url: (await server?.newDatabase()) ?? '' }
}

const start = ({ data, url }: Place, env: Readonly<Record<string, string>> = {}) =>
  startStore({ data, flags: shape, env: { DATABASE_URL: url, ...env } })

const run = (command: string, { data, url }: Place): Promise<Ended> =>
  runMycelium([command, '--data', data], { env: { DATABASE_URL: url } })

/** The address of another database on the same server. */
const beside = (url: string, name: string): string =>
  Object.assign(new URL(url), { pathname: `/${name}` }).href

async function fill(bucket: TestBucket, round: string): Promise<void> {
  const { client, name: Bucket } = bucket
  const VersioningConfiguration = { Status: 'Enabled' } as const
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  const sizes = [0, 1, 5_000, 700_001, 5_000_003]
  await Promise.all(
    sizes.map((bytes) => bucket.put(`${round}/${bytes}`, bytesOf(`${round}/${bytes}`, bytes))),
  )
  await bucket.put('again', round)
  await bucket.put('gone', round)
  await bucket.remove('gone')
}

describe('mycelium up on PostgreSQL', {
  skip: !hasPostgres && 'no PostgreSQL server to start',
}, () => {
  test('what was acknowledged survives kill -9 of store and server, and every command knows the database', async (context) => {
    await using own = await startPostgres()
    const place = { data: await temporary(context), url: await own.newDatabase() }
    let store = await start(place)
    context.after(() => store.kill())
    using first = bucketOf(store, 'photos')
    await first.create()
    await fill(first, 'one')
    const before = await stateOf(store)
    await Promise.all([store.kill(), own.kill()])
    ok(!(await readdir(place.data)).includes('metadata.sqlite'))
    await own.start()
    store = await start(place)
    deepEqual(await stateOf(store), before)
    equal(await store.stop(), 0)
    for (const command of ['gc', 'verify', 'rebuild', 'gc', 'verify']) {
      const { code, stderr } = await run(command, place)
      equal(code, 0, `${command}: ${stderr}`)
    }
    store = await start(place)
    deepEqual(await stateOf(store), before)
    equal(await store.stop(), 0)
  })

  for (const point of ['changelog/decided', 'changelog/committed', 'changelog/frame-appended'])
    test(`a crash at ${point} loses nothing that was acknowledged`, async (context) => {
      const place = await newPlace(context)
      let store = await start(place)
      context.after(() => store.kill())
      using first = bucketOf(store, 'photos')
      await first.create()
      await first.put('before', 'acknowledged')
      await store.stop()
      store = await start(place, { MYCELIUM_KILL_AT: `${point}:3` })
      using second = bucketOf(store, 'photos')
      const kept: string[] = []
      for (let n = 0; store.child.exitCode === null && store.child.signalCode === null; n += 1)
        await second.put(`key ${n}`, `${n}`).then(
          () => kept.push(`key ${n}`),
          () => {},
        )
      store = await start(place)
      using third = bucketOf(store, 'photos')
      equal(String(await third.get('before')), 'acknowledged')
      for (const key of kept) equal(String(await third.get(key)), key.slice('key '.length))
      const visible = await third.list()
      await store.stop()
      equal((await run('rebuild', place)).code, 0)
      store = await start(place)
      using fourth = bucketOf(store, 'photos')
      deepEqual(await fourth.list(), visible)
      await store.stop()
    })

  test('a database that is empty, older or of another store is refused; rebuild makes it right', async (context) => {
    const place = await newPlace(context)
    let store = await start(place)
    context.after(() => store.kill())
    using first = bucketOf(store, 'photos')
    await first.create()
    await fill(first, 'one')
    await store.stop()
    const older = `${new URL(place.url).pathname.slice(1)}_older`
    await ask(server?.url ?? '', `create database ${older} template ${older.slice(0, -6)}`)
    store = await start(place)
    using second = bucketOf(store, 'photos')
    await fill(second, 'two')
    const before = await stateOf(store)
    await store.stop()
    const foreign = await newPlace(context)
    await (await start(foreign)).stop()
    const empty = await server?.newDatabase()
    for (const url of [empty ?? '', beside(place.url, older), foreign.url]) {
      const { code, stderr } = await run('up', { data: place.data, url })
      equal(code, 7, stderr)
      match(stderr, /mycelium rebuild --data/)
      const rebuilt = await run('rebuild', { data: place.data, url })
      equal(rebuilt.code, 0, rebuilt.stderr)
      store = await start({ data: place.data, url })
      deepEqual(await stateOf(store), before)
      await store.stop()
    }
  })

  test('while the server is away everything is 503, and afterwards everything is as it was', async (context) => {
    await using own = await startPostgres()
    const place = { data: await temporary(context), url: await own.newDatabase() }
    const store = await start(place)
    context.after(() => store.kill())
    using bucket = bucketOf(store, 'photos')
    await bucket.create()
    await fill(bucket, 'one')
    const before = await stateOf(store)
    for (const stop of [own.stop, own.kill]) {
      await stop()
      const status = async (work: Promise<unknown>): Promise<unknown> =>
        await work.then(
          () => 200,
          (error) => [
            error.name,
            error.$metadata?.httpStatusCode,
            error.$response?.headers['retry-after'],
          ],
        )
      const away = ['ServiceUnavailable', 503, '1']
      const Bucket = 'another-bucket'
      for (const work of [
        () => bucket.get('again'),
        () => bucket.get('no such key'),
        () => bucket.put('lost', 'in vain'),
        () => bucket.list(),
        () => bucket.remove('again'),
        () => bucket.client.send(new CreateBucketCommand({ Bucket })),
      ])
        deepEqual(await status(work()), away)
      equal((await healthOf(store)).status, 'unavailable')
      await own.start()
      await until(
        () => healthOf(store),
        ({ status }) => status === 'ok',
      )
      deepEqual(await stateOf(store), before)
    }
    await fill(bucket, 'two')
    equal(await store.stop(), 0)
    equal((await run('verify', place)).code, 0)
  })

  test('a database in use, and a server that is away, are told in a sentence', async (context) => {
    const place = await newPlace(context)
    const sql = await openPostgres({
      address: place.url,
      holder: { place: 'elsewhere', program: 'mycelium up on shelf-3' },
      world: systemWorld(),
      telemetry,
    })
    const refused = await runMycelium(['up', '--data', place.data, '--database-url', place.url])
    equal(refused.code, 4, refused.stderr)
    match(
      refused.stderr,
      /The database at 127\.0\.0\.1:\d+\/store_\d+ is in use by mycelium up on shelf-3/,
    )
    await sql.close()
    const secret = 'opensesame'
    const nowhere = `postgres://mycelium:${secret}@127.0.0.1:1/store`
    const away = await run('up', { data: await temporary(context), url: nowhere })
    equal(away.code, 16, away.stderr)
    match(away.stderr, /The database at 127\.0\.0\.1:1\/store cannot be used: .*ECONNREFUSED/)
    const mistaken = await run('up', {
      data: place.data,
      url: `mysql://mycelium:${secret}@shelf/store`,
    })
    equal(mistaken.code, 2, mistaken.stderr)
    match(mistaken.stderr, /DATABASE_URL: expected postgres:/)
    for (const { stdout, stderr } of [away, mistaken]) ok(!(stdout + stderr).includes(secret))
  })

  test('a store whose database another process has taken over writes nothing more, and ends', async (context) => {
    const place = await newPlace(context)
    const store = await start(place)
    context.after(() => store.kill())
    using bucket = bucketOf(store, 'photos')
    await bucket.create()
    await bucket.put('kept', 'by the first')
    // as when it had not renewed for long: a machine that was suspended, or cut off from the server
    await ask(place.url, `update store_lease set expires_at = '-infinity', token = token + 1`)
    await bucket.put('refused', 'too late').then(
      () => ok(false, 'a deposed holder has written'),
      () => {},
    )
    await until(
      async () => store.child.exitCode,
      (code) => code !== null,
    )
    equal(store.child.exitCode, 4, store.output())
    match(store.output(), /Another process has taken the database over/)
    const next = await start(place)
    context.after(() => next.kill())
    using kept = bucketOf(next, 'photos')
    deepEqual(
      (await kept.list()).map(({ key }) => key),
      ['kept'],
    )
    await next.stop()
  })
})
