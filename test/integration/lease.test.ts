import { deepEqual, equal, rejects } from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { isFault } from '#fault/fault'
import { introduceHolder } from '#sql/lease'
import { LeaseWatch } from '#sql/lease-watch'
import { openPostgres, type PostgresOptions } from '#sql/postgres'
import type { Sql } from '#sql/sql'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { ask, findPostgres, startPostgres } from '../postgres/server.ts'

const hasPostgres = (await findPostgres()) !== undefined
const server = hasPostgres ? await startPostgres({ settings: ['fsync=off'] }) : undefined
after(() => server?.[Symbol.asyncDispose]())

const open = (
  address: string,
  place: string,
  options: Partial<PostgresOptions> = {},
): Promise<Sql> =>
  openPostgres({
    address,
    holder: { place, program: `a test on ${place}` },
    world: systemWorld(),
    telemetry,
    ...options,
  })
const isCode = (code: string) => (error: unknown) => isFault(error, code)

/** As when its holder had not renewed it for long. */
const expire = (url: string) => ask(url, `update store_lease set expires_at = '-infinity'`)

async function withCounter(sql: Sql): Promise<Sql> {
  await sql.transaction(async (tx) => {
    await tx.query`create table counter (n integer not null)`
    await tx.query`insert into counter values (0)`
  })
  return sql
}

const add = (sql: Sql, n: number) =>
  sql.transaction((tx) => tx.query`update counter set n = n + ${n}`)
const counter = async (sql: Sql) => (await sql.query`select n from counter`)[0]?.['n']

describe('the lease', { skip: !hasPostgres && 'no PostgreSQL server to start' }, () => {
  test('one holds it; the others are told who, until it is given back', async () => {
    const url = (await server?.newDatabase()) ?? ''
    const first = await withCounter(await open(url, 'here'))
    await rejects(open(url, 'there'), (error) => {
      equal(isFault(error, 'sql/lease-held'), true)
      return String(error).includes('a test on here')
    })
    await add(first, 1)
    await first.close()
    const second = await open(url, 'there')
    await add(second, 10)
    equal(await counter(second), 11)
    await second.close()
  })

  test('of many that start at once one gets it', async () => {
    const url = (await server?.newDatabase()) ?? ''
    const opened = await Promise.allSettled(
      Array.from({ length: 6 }, (_, n) => open(url, `place ${n}`)),
    )
    const statuses = opened.map(({ status }) => status)
    equal(statuses.filter((status) => status === 'fulfilled').length, 1, String(statuses))
    for (const one of opened) {
      if (one.status === 'fulfilled') await one.value.close()
      else equal(isFault(one.reason, 'sql/lease-held'), true, String(one.reason))
    }
  })

  test('who was followed by another writes nothing more, in the middle of a transaction or later', async () => {
    const url = (await server?.newDatabase()) ?? ''
    let losses = 0
    const onLeaseLost = (): void => {
      losses += 1
    }
    const first = await withCounter(await open(url, 'here', { onLeaseLost }))
    await expire(url)
    const second = await open(url, 'there')
    await rejects(add(first, 1), isCode('sql/lease-lost'))
    await rejects(add(first, 1), isCode('sql/lease-lost'))
    equal(losses, 1)
    await add(second, 10)
    equal(await counter(second), 10)
    await first.close()
    await add(second, 10)
    await rejects(
      open(url, 'elsewhere'),
      isCode('sql/lease-held'),
      'closing gave back what was not its own',
    )
    await second.close()
  })

  test('a takeover waits for the transaction that is under way, and then sees it', async () => {
    const url = (await server?.newDatabase()) ?? ''
    const first = await withCounter(await open(url, 'here'))
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const last = first.transaction(async (tx) => {
      await tx.query`update counter set n = n + 1`
      begun.resolve()
      await gate.promise
    })
    await begun.promise
    const follower = open(url, 'here') // the same place need not wait until the lease expires
    gate.resolve()
    const [, second] = await Promise.all([last, follower])
    deepEqual([await counter(second)], [1])
    await rejects(add(first, 1), isCode('sql/lease-lost'))
    await add(second, 10)
    equal(await counter(second), 11)
    await first.close()
    await second.close()
  })
  test('a long transaction keeps others out, and does not cost the lease', async () => {
    const url = (await server?.newDatabase()) ?? ''
    let late = 0
    const world = systemWorld()
    const later = { ...world, monotonic: () => world.monotonic() + late }
    const first = await withCounter(await open(url, 'here', { world: later }))
    await first.transaction(async (tx) => {
      await tx.query`update counter set n = n + 1`
      await rejects(open(url, 'there'), isCode('sql/lease-held'))
      late = 20_000
      await tx.query`update store_lease set expires_at = '-infinity'` // as it is by then on the server's clock
    })
    await rejects(open(url, 'there'), isCode('sql/lease-held'))
    await add(first, 1)
    equal(await counter(first), 2)
    await first.close()
  })

  test('who watches sees who holds it, and how to turn to them', async () => {
    const url = (await server?.newDatabase()) ?? ''
    using watch = new LeaseWatch(url)
    equal(await watch.look(), undefined)
    const first = await open(url, 'here')
    const seen = { token: 1, isHeld: true, place: 'here', address: '', pass: '' }
    deepEqual(await watch.look(), seen)
    const contact = { address: 'http://127.0.0.1:9000', pass: 'between us' }
    await first.transaction((tx) => introduceHolder(tx, contact))
    deepEqual(await watch.look(), { ...seen, ...contact })
    await first.close()
    equal((await watch.look())?.isHeld, false)
    const second = await open(url, 'there')
    deepEqual(await watch.look(), { ...seen, token: 2, place: 'there' })
    await second.close()
  })

  test('the table of an older version gets what it lacks, whoever holds the lease', async () => {
    const url = (await server?.newDatabase()) ?? ''
    const older = await withCounter(await open(url, 'here'))
    await ask(url, 'alter table store_lease drop column address, drop column pass')
    using watch = new LeaseWatch(url)
    deepEqual(await watch.look(), { token: 1, isHeld: true, place: 'here', address: '', pass: '' })
    await rejects(open(url, 'there'), isCode('sql/lease-held'))
    await add(older, 1)
    await older.close()
    const newer = await open(url, 'there')
    await newer.transaction((tx) => introduceHolder(tx, { address: 'a', pass: 'b' }))
    equal((await watch.look())?.address, 'a')
    equal(await counter(newer), 1)
    await newer.close()
  })
})
