/** A real streaming replica: it answers reads, and never with an older state than what was acknowledged. */
import { deepEqual, equal } from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { isFault } from '#fault/fault'
import { openPostgres } from '#sql/postgres'
import type { Sql } from '#sql/sql'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { ask, findPostgres, startPostgres } from '../postgres/server.ts'
import { until } from '../until.ts'

const hasPostgres = (await findPostgres()) !== undefined
const primary = hasPostgres ? await startPostgres({ settings: ['fsync=off'] }) : undefined
const replica = await primary?.follow()
after(async () => {
  await replica?.[Symbol.asyncDispose]()
  await primary?.[Symbol.asyncDispose]()
})
const onReplica = (url: string): string =>
  Object.assign(new URL(url), { port: String(replica?.port) }).href

interface Opened extends AsyncDisposable {
  readonly sql: Sql
  readonly url: string
}

async function open(replicaOf = onReplica): Promise<Opened> {
  const url = (await primary?.newDatabase()) ?? ''
  const sql = await openPostgres({
    address: url,
    replicaAddress: replicaOf(url),
    holder: { place: 'here', program: 'a test' },
    world: systemWorld(),
    telemetry,
  })
  await sql.transaction((tx) => tx.query`create table counter (n integer not null)`)
  await sql.transaction((tx) => tx.query`insert into counter values (0)`)
  return { sql, url, [Symbol.asyncDispose]: () => sql.close() }
}

const where = async (sql: Pick<Sql, 'query'>): Promise<unknown> =>
  (await sql.query`select pg_is_in_recovery() as is_replica, n from counter`)[0]

describe('a replica', { skip: !hasPostgres && 'no PostgreSQL server to start' }, () => {
  test('answers reads and views once it has what was committed', async () => {
    await using opened = await open()
    const { sql } = opened
    await until(
      () => where(sql),
      (row) => JSON.stringify(row) === '{"is_replica":1,"n":0}',
    )
    await sql.transaction((tx) => tx.query`update counter set n = 1`)
    deepEqual(await sql.view(where), { is_replica: 1, n: 1 })
  })

  test('every read sees every write before it, whoever answers', async () => {
    await using opened = await open()
    const { sql } = opened
    for (let n = 1; n <= 200; n += 1) {
      await sql.transaction((tx) => tx.query`update counter set n = ${n}`)
      const [row] = await sql.query`select n from counter`
      equal(row?.['n'], n)
    }
  })

  test('one that has stopped following, or is away, is not asked', async () => {
    await using opened = await open()
    const { sql, url } = opened
    await until(
      () => where(sql),
      (row) => JSON.stringify(row) === '{"is_replica":1,"n":0}',
    )
    await ask(onReplica(url), 'select pg_wal_replay_pause()')
    await sql.transaction((tx) => tx.query`update counter set n = 1`)
    deepEqual({ ...((await where(sql)) as object) }, { is_replica: 0, n: 1 })
    deepEqual(await sql.view(where), { is_replica: 0, n: 1 })
    await ask(onReplica(url), 'select pg_wal_replay_resume()')
    await replica?.stop()
    deepEqual({ ...((await where(sql)) as object) }, { is_replica: 0, n: 1 })
    await replica?.start()
  })

  test('a server that follows another one is not believed', async () => {
    await using stranger = await startPostgres({ settings: ['fsync=off'] })
    await using opened = await open(() => stranger.url)
    await opened.sql.transaction((tx) => tx.query`update counter set n = 7`)
    deepEqual({ ...((await where(opened.sql)) as object) }, { is_replica: 0, n: 7 })
  })

  test('while the first server is away it answers, but no longer than nobody else can have written', async () => {
    await using opened = await open()
    const { sql } = opened
    await until(
      () => where(sql),
      (row) => JSON.stringify(row) === '{"is_replica":1,"n":0}',
    )
    await primary?.stop()
    deepEqual({ ...((await where(sql)) as object) }, { is_replica: 1, n: 0 })
    await until(
      () =>
        where(sql).then(
          () => 'answered',
          (error) => (isFault(error, 'sql/unavailable') ? 'unavailable' : String(error)),
        ),
      (answer) => answer === 'unavailable',
    )
    await primary?.start()
  })
})
