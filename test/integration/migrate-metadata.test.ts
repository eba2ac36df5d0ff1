/** Moving a store's metadata to a PostgreSQL server and back: everything clients see stays the same, and it goes on from there. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { type Ended, runMycelium, startStore } from '../harness.ts'
import { ask, findPostgres, startPostgres } from '../postgres/server.ts'
import { bucketOf, bytesOf, type TestBucket } from '../s3-bucket.ts'
import { stateOf } from '../s3-state.ts'

const hasPostgres = (await findPostgres()) !== undefined
const server = hasPostgres ? await startPostgres({ settings: ['fsync=off'] }) : undefined
after(() => server?.[Symbol.asyncDispose]())

async function fill({ put, remove, client, name: Bucket }: TestBucket, round: string) {
  const keys = Array.from({ length: 450 }, (_, n) => `${round}/${'é'.repeat(n % 7)}${n}`)
  for (let at = 0; at < keys.length; at += 50)
    await Promise.all(keys.slice(at, at + 50).map((key) => put(key, bytesOf(key, 300))))
  await put(`${round}/large`, bytesOf(round, 5_000_003))
  await remove(keys[7] ?? '')
  const upload = { Bucket, Key: `${round}/open` }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload))
  await client.send(
    new UploadPartCommand({ ...upload, UploadId, PartNumber: 2, Body: bytesOf(round, 5_000) }),
  )
}

describe('migrate-metadata', { skip: !hasPostgres && 'no PostgreSQL server to start' }, () => {
  test('there and back, with a life in between', async (context) => {
    const data = await mkdtemp(join(tmpdir(), 'mycelium-migrate-'))
    context.after(() => rm(data, { recursive: true, force: true }))
    const url = (await server?.newDatabase()) ?? ''
    const onServer = { DATABASE_URL: url }
    const flags = ['--nodes', '3', '--profile', '2+1', '--chunk-size', '4MiB', '--log', 'warn']
    const migrate = (MYCELIUM_MIGRATE_FROM: string, MYCELIUM_MIGRATE_TO: string): Promise<Ended> =>
      runMycelium(['migrate-metadata', '--data', data], {
        env: { MYCELIUM_MIGRATE_FROM, MYCELIUM_MIGRATE_TO },
      })

    let store = await startStore({ data, flags })
    context.after(() => store.kill())
    using first = bucketOf(store, 'photos')
    await first.create()
    await fill(first, 'one')
    const before = await stateOf(store)
    await store.stop()
    const there = await migrate('file', url)
    equal(there.code, 0, there.stderr)
    match(
      there.stdout,
      /^Copied \d+ rows of \d\d tables from .*metadata\.sqlite to the database at 127\./,
    )

    const [statistics] = await ask(url, `select reltuples from pg_class where relname = 'version'`)
    equal(statistics?.['reltuples'], before.flatMap(({ objects }) => objects).length)

    store = await startStore({ data, flags, env: onServer })
    deepEqual(await stateOf(store), before)
    using second = bucketOf(store, 'photos')
    await fill(second, 'two')
    const after = await stateOf(store)
    await store.stop()
    const behind = await runMycelium(['up', '--data', data])
    equal(behind.code, 7, 'the former database is older now')

    const filled = await migrate(url, 'file')
    equal(filled.code, 3, filled.stderr)
    match(filled.stderr, /metadata\.sqlite is not empty/)
    for (const name of await readdir(data))
      if (name.startsWith('metadata.sqlite')) await rm(join(data, name))
    const back = await migrate(url, 'file')
    equal(back.code, 0, back.stderr)
    store = await startStore({ data, flags })
    deepEqual(await stateOf(store), after)
    using third = bucketOf(store, 'photos')
    await third.put('at last', 'on the file again')
    await store.stop()
    const verified = await runMycelium(['verify', '--data', data])
    equal(verified.code, 0, verified.stderr)
  })

  test('nothing to move, or no place for it, is told in a sentence', async (context) => {
    const data = await mkdtemp(join(tmpdir(), 'mycelium-migrate-'))
    context.after(() => rm(data, { recursive: true, force: true }))
    const store = await startStore({ data, flags: ['--nodes', '3', '--profile', '2+1'] })
    await store.stop()
    const url = (await server?.newDatabase()) ?? ''
    const migrate = (from: string, to: string): Promise<Ended> =>
      runMycelium(['migrate-metadata', '--data', data, '--from', from, '--to', to])
    const nothing = await migrate(url, 'file')
    equal(nothing.code, 3, nothing.stderr)
    match(nothing.stderr, /is not empty/)
    const other = (await server?.newDatabase()) ?? ''
    const empty = await migrate(url, other)
    equal(empty.code, 3, empty.stderr)
    match(empty.stderr, /There is no store in the database to copy from/)
    const same = await migrate('file', 'file')
    equal(same.code, 2, same.stderr)
    const missing = await runMycelium(['migrate-metadata', '--data', data])
    equal(missing.code, 2, missing.stderr)
    match(missing.stderr, /--from: .*\n.*--to: /)
  })
})
