/** A connection that is lost during COMMIT: whether it happened is looked up on the server, never guessed. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { isFault } from '#fault/fault'
import { parseBucketName, parseObjectKey } from '#object/names'
import { openPostgres } from '#sql/postgres'
import type { Sql } from '#sql/sql'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { openMemoryStore } from '../memory-store.ts'
import { bodyOf, textOf } from '../object-bytes.ts'
import { findPostgres, startPostgres } from '../postgres/server.ts'
import { openWire, type Wire } from '../postgres/wire.ts'

const hasPostgres = (await findPostgres()) !== undefined
const server = hasPostgres ? await startPostgres({ settings: ['fsync=off'] }) : undefined
after(() => server?.[Symbol.asyncDispose]())
const { signal } = new AbortController()
const isUnavailable = (error: unknown): boolean => isFault(error, 'sql/unavailable')

async function onWire(
  work: (parts: { readonly wire: Wire; readonly sql: Sql }) => Promise<void>,
): Promise<void> {
  await using wire = await openWire((await server?.newDatabase()) ?? '')
  const holder = { place: 'here', program: 'a test' }
  const sql = await openPostgres({ address: wire.url, holder, world: systemWorld(), telemetry })
  try {
    await sql.transaction((tx) => tx.query`create table counter (n integer not null)`)
    await sql.transaction((tx) => tx.query`insert into counter values (0)`)
    await work({ wire, sql })
  } finally {
    await sql.close()
  }
}

async function counter(sql: Sql): Promise<unknown> {
  return (await sql.query`select n from counter`)[0]?.['n']
}

describe('a commit in doubt', { skip: !hasPostgres && 'no PostgreSQL server to start' }, () => {
  for (const [moment, isDone] of [
    ['before', false],
    ['after', true],
  ] as const) {
    test(`cut ${moment} it happened, with the server there: the caller is told the truth`, () =>
      onWire(async ({ wire, sql }) => {
        const told: unknown[] = []
        const write = (n: number): Promise<number> =>
          sql.transaction(
            async (tx) => {
              await tx.query`update counter set n = ${n}`
              return n
            },
            { onCommitted: (result) => told.push(result) },
          )
        wire.cutAtCommit(moment)
        if (isDone) equal(await write(1), 1)
        else await rejects(write(1), isUnavailable)
        equal(await counter(sql), isDone ? 1 : 0)
        equal(await write(2), 2)
        equal(await counter(sql), 2)
        deepEqual(told, isDone ? [1, 2] : [2])
      }))

    test(`cut ${moment} it happened, with the server away: nobody reads on until it is known`, () =>
      onWire(async ({ wire, sql }) => {
        let told = 0
        wire.cutAtCommit(moment, { stays: true })
        const write = sql.transaction((tx) => tx.query`update counter set n = 1`, {
          onCommitted: () => {
            told += 1
          },
        })
        await rejects(write, isUnavailable)
        await rejects(counter(sql), isUnavailable)
        await rejects(
          sql.view(() => counter(sql)),
          isUnavailable,
        )
        await rejects(
          sql.transaction(async () => {}),
          isUnavailable,
        )
        equal(told, 0)
        wire.mend()
        const seen = counter(sql).then((n) => [n, told])
        deepEqual(await seen, isDone ? [1, 1] : [0, 0])
        await sql.transaction((tx) => tx.query`update counter set n = n + 10`)
        equal(await counter(sql), isDone ? 11 : 10)
      }))
  }

  test('a put that was committed after all is found, and is in the log, as if it had been answered', () =>
    onWire(async ({ wire }) => {
      const address = Object.assign(new URL(wire.url), {
        pathname: new URL((await server?.newDatabase()) ?? '').pathname,
      }).href
      const holder = { place: 'here', program: 'a test' }
      await using store = await openMemoryStore({
        profile: { data: 2, parity: 1 },
        nodes: 3,
        sql: await openPostgres({ address, holder, world: systemWorld(), telemetry }),
      })
      const { objects, changelog } = store
      const bucket = parseBucketName('photos')
      await objects.createBucket(bucket)
      const put = async (name: string): Promise<unknown> => {
        const options = { body: bodyOf(name), metadata: { user: {} }, signal }
        return await objects.put(bucket, parseObjectKey(name), options)
      }
      const read = async (name: string): Promise<string> =>
        textOf(await objects.open(bucket, parseObjectKey(name)))
      await put('first')
      wire.cutAtCommit('after', { stays: true })
      await rejects(put('second'), isUnavailable)
      await rejects(read('first'), isUnavailable)
      wire.mend()
      equal(await read('second'), 'second')
      await changelog.reached(changelog.committed())
      await put('third')
      const copies = await Promise.all(store.nodes.map(({ stores }) => stores.log.lastSequence()))
      equal(copies.filter((last) => last === changelog.committed()).length >= 2, true)
    }))
})
