import { deepEqual, equal, rejects } from 'node:assert/strict'
import { mkdtemp, open as openFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#fault/fault'
import type { Sql, SqlRow, SqlValue } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import { SqliteMemory } from '#sql/sqlite-memory'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'

const directory = await mkdtemp(join(tmpdir(), 'mycelium-sql-'))
after(() => rm(directory, { recursive: true }))
let files = 0
const newPath = (): string => join(directory, `${++files}.sqlite`)

/** Rows of `node:sqlite` have no prototype; that is all the difference. */
const plain = (rows: readonly SqlRow[]): SqlRow[] => rows.map((row) => ({ ...row }))

for (const dialect of ['file', 'memory'] as const) {
  const open = (): Sql =>
    openSqlite({ path: dialect === 'file' ? newPath() : ':memory:', telemetry })

  describe(`sqlite, ${dialect}`, () => {
    test('every value comes back as it was bound', async () => {
      await using sql = disposable(open())
      await sql.transaction((tx) => tx.query`create table item (id integer, value any) strict`)
      const values: readonly SqlValue[] = [
        ...['', 'ä\u0000b', 0, -1, 1.5, 2 ** 53 - 1, -(2 ** 53 - 1), 2n ** 63n - 1n, -(2n ** 63n)],
        ...[2n ** 53n, new Uint8Array([0, 255]), new Uint8Array(0), null],
      ]
      const written = await sql.transaction(async (tx) => {
        const rows = []
        for (const [id, value] of values.entries())
          rows.push(...(await tx.query`insert into item values (${id}, ${value}) returning value`))
        return rows
      })
      const read = await sql.query`select value from item order by id`
      for (const rows of [written, read])
        deepEqual(
          rows.map(({ value }) => value),
          values,
        )
    })

    test('integers: a number where it is exact, a bigint where it is not, whichever came first', () =>
      fc.assert(
        fc.asyncProperty(fc.array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)), async (numbers) => {
          await using sql = disposable(open())
          for (const number of numbers) {
            const [row] = await sql.query`select ${number} as same, typeof(${number}) as type`
            const safe = Number.isSafeInteger(Number(number)) && BigInt(Number(number)) === number
            deepEqual({ ...row }, { same: safe ? Number(number) : number, type: 'integer' })
          }
        }),
        { numRuns: 30 },
      ))

    test('whole numbers are integers to the database', async () => {
      await using sql = disposable(open())
      deepEqual(plain(await sql.query`select ${5} / 2 as half, ${2.5} * 2 as whole`), [
        { half: 2, whole: 5 },
      ])
    })

    test('a transaction that throws leaves nothing, and the next one works', async () => {
      await using sql = disposable(await withCounter(open()))
      await rejects(
        sql.transaction(async (tx) => {
          await tx.query`update counter set n = 1`
          throw new Error('no')
        }),
        /no/,
      )
      equal(await counter(sql), 0)
      await sql.transaction((tx) => tx.query`update counter set n = 2`)
      equal(await counter(sql), 2)
    })

    test('transactions run one at a time, in order of arrival, across their awaits', async () => {
      await using sql = disposable(await withCounter(open()))
      const seen = await Promise.all(
        Array.from({ length: 20 }, () =>
          sql.transaction(async (tx) => {
            const [row] = await tx.query<{ n: number }>`select n from counter`
            await Promise.resolve()
            await tx.query`update counter set n = ${(row?.n ?? 0) + 1}`
            return row?.n
          }),
        ),
      )
      deepEqual(seen, [...Array(20).keys()])
    })

    test('a read beside a transaction never sees what is not committed', async () => {
      await using sql = disposable(await withCounter(open()))
      const gate = Promise.withResolvers<void>()
      const transaction = sql.transaction(async (tx) => {
        await tx.query`update counter set n = 1`
        await gate.promise
        await tx.query`update counter set n = 2`
      })
      await Promise.resolve()
      const read = counter(sql)
      gate.resolve()
      equal([0, 2].includes(await read), true)
      await transaction
      equal(await counter(sql), 2)
    })

    test('a savepoint that throws undoes its own work alone; they nest', async () => {
      await using sql = disposable(await withCounter(open()))
      await sql.transaction(async (tx) => {
        await tx.savepoint(() => tx.query`update counter set n = n + 1`)
        await rejects(
          tx.savepoint(async () => {
            await tx.savepoint(() => tx.query`update counter set n = n + 10`)
            throw new Error('outer')
          }),
          /outer/,
        )
        await tx.savepoint(async () => {
          await tx.query`update counter set n = n + 100`
          await rejects(
            tx.savepoint(async () => {
              await tx.query`update counter set n = n + 1000`
              throw new Error('inner')
            }),
            /inner/,
          )
        })
      })
      equal(await counter(sql), 101)
    })

    test('a broken constraint is a fault, and only its statement is undone', async () => {
      await using sql = disposable(open())
      await sql.transaction(async (tx) => {
        await tx.query`create table parent (id integer primary key) strict`
        await tx.query`create table child (parent integer references parent) strict`
        await tx.query`insert into parent values (1)`
        for (const attempt of [
          () => tx.query`insert into parent values (1)`,
          () => tx.query`insert into child values (7)`,
        ])
          await rejects(attempt(), (error) => isFault(error, 'sql/constraint'))
        await tx.query`insert into child values (1)`
      })
      deepEqual(plain(await sql.query`select * from child`), [{ parent: 1 }])
    })

    test('outside a transaction there is nothing but reading', async () => {
      await using sql = disposable(await withCounter(open()))
      await rejects(sql.query`update counter set n = 1`, /only reads/)
      await rejects(sql.query`with x as (select 1) delete from counter`, /only reads/)
      await sql.view((view) => rejects(view.query`delete from counter`, /only reads/))
    })

    test('a handle used after its transaction is a mistake, not a write', async () => {
      await using sql = disposable(await withCounter(open()))
      const leaked = await sql.transaction(async (tx) => tx)
      await rejects(leaked.query`update counter set n = 1`, /after its end/)
      await rejects(
        leaked.savepoint(async () => {}),
        /after its end/,
      )
    })

    test('a view stays as it was while others commit', async () => {
      await using sql = disposable(await withCounter(open()))
      await sql.view(async (view) => {
        await sql.transaction((tx) => tx.query`update counter set n = 1`)
        equal((await view.query`select n from counter`)[0]?.['n'], 0)
        equal(await counter(sql), 1)
      })
    })

    test('a closed database answers unavailable', async () => {
      const sql = await withCounter(open())
      const last = sql.transaction((tx) => tx.query`update counter set n = 1`)
      await sql.close()
      await last
      for (const late of [sql.query`select 1`, sql.transaction(async () => {}), sql.close()])
        await late.then(
          () => {},
          (error) => equal(isFault(error, 'sql/unavailable'), true),
        )
      await rejects(sql.query`select 1`, (error) => isFault(error, 'sql/unavailable'))
    })
  })
}

describe('sqlite files', () => {
  test('what was committed is there after reopening, and is synced at each commit', async () => {
    const path = newPath()
    await (await withCounter(openSqlite({ path, telemetry }))).close()
    await using sql = disposable(openSqlite({ path, telemetry }))
    equal(await counter(sql), 0)
    const settings = await sql.transaction(async (tx) => [
      ...(await tx.query`pragma journal_mode`),
      ...(await tx.query`pragma synchronous`),
      ...(await tx.query`pragma foreign_keys`),
    ])
    deepEqual(
      settings.map((row) => Object.values(row)[0]),
      ['wal', 1, 1],
    )
  })

  test('every transaction ends with a sync of the write-ahead log, and the next one waits for it', async (context) => {
    const path = newPath()
    await using sql = disposable(await withCounter(openSqlite({ path, telemetry })))
    const sample = await openFile(path)
    const syncs = context.mock.method(Object.getPrototypeOf(sample), 'datasync')
    await sample.close()
    for (let count = 1; count <= 3; count += 1) {
      await sql.transaction((tx) => tx.query`update counter set n = ${count}`)
      equal(syncs.mock.callCount(), count)
      equal(await syncs.mock.calls.at(-1)?.result, undefined, 'it has succeeded')
    }
  })

  test('a write-ahead log that cannot be synced ends the database', async (context) => {
    const path = newPath()
    await using sql = disposable(await withCounter(openSqlite({ path, telemetry })))
    const sample = await openFile(path)
    context.mock.method(Object.getPrototypeOf(sample), 'datasync', () =>
      Promise.reject(new Error('EIO')),
    )
    await sample.close()
    const unavailable = (error: unknown): boolean => isFault(error, 'sql/unavailable')
    await rejects(
      sql.transaction((tx) => tx.query`update counter set n = 7`),
      unavailable,
    )
    await rejects(sql.query`select 1`, unavailable)
  })

  test('a file that is no database, or a damaged one, is corrupt', async () => {
    const path = newPath()
    await writeFile(path, 'This is not a database, however long it may be. '.repeat(100))
    await rejects(
      async () => openSqlite({ path, telemetry }).close(),
      (error) => isFault(error, 'sql/corrupt'),
    )
    const damaged = newPath()
    const sql = await withCounter(openSqlite({ path: damaged, telemetry }))
    await sql.transaction(async (tx) => {
      await tx.query`create table filler (id integer primary key, bytes blob) strict`
      for (let id = 0; id < 100; id++)
        await tx.query`insert into filler values (${id}, ${new Uint8Array(4000)})`
    })
    await sql.close()
    const file = await openFile(damaged, 'r+')
    await file.write(new Uint8Array(50 * 4096).fill(0xff), 0, 50 * 4096, 20 * 4096)
    await file.close()
    await using reopened = disposable(openSqlite({ path: damaged, telemetry }))
    await rejects(reopened.query`select sum(length(bytes)) from filler`, (error) =>
      isFault(error, 'sql/corrupt'),
    )
  })

  test('a full disk undoes the transaction whole, even the statements after the failed one', async () => {
    await using sql = disposable(await withCounter(openSqlite({ path: newPath(), telemetry })))
    await sql.transaction((tx) => tx.query`create table filler (bytes blob) strict`)
    await sql.transaction((tx) => tx.query`pragma max_page_count = 20`)
    await rejects(
      sql.transaction(async (tx) => {
        await tx.query`update counter set n = 1`
        await rejects(tx.query`insert into filler values (${new Uint8Array(500_000)})`, (error) =>
          isFault(error, 'sql/full'),
        )
        await rejects(tx.query`update counter set n = 2`, (error) => isFault(error, 'sql/full'))
      }),
      (error) => isFault(error, 'sql/full'),
    )
    equal(await counter(sql), 0)
    await sql.transaction((tx) => tx.query`update counter set n = 3`)
    equal(await counter(sql), 3)
  })

  test('a database that another process holds is unavailable', async () => {
    const path = newPath()
    await using sql = disposable(await withCounter(openSqlite({ path, telemetry })))
    await sql.transaction((tx) => tx.query`pragma busy_timeout = 1`)
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    await rejects(
      sql.transaction(async () => {}),
      (error) => isFault(error, 'sql/unavailable'),
    )
    other.close()
    await sql.transaction((tx) => tx.query`update counter set n = 1`)
  })
})

describe('a crash in memory', () => {
  test('keeps what was committed and undoes the rest; the old handle is dead', async () => {
    const memory = new SqliteMemory()
    const before = await withCounter(memory.open())
    await before.transaction((tx) => tx.query`update counter set n = 1`)
    const gate = Promise.withResolvers<void>()
    const cut = before.transaction(async (tx) => {
      await tx.query`update counter set n = 2`
      await gate.promise
      await tx.query`update counter set n = 3`
    })
    await Promise.resolve()
    await Promise.resolve()
    memory.crash()
    const sql = memory.open()
    await sql.transaction(async (tx) => {
      await tx.query`update counter set n = n + 10`
      gate.resolve()
      await rejects(cut, (error) => isFault(error, 'sql/unavailable'))
    })
    equal(await counter(sql), 11)
    await rejects(before.query`select 1`, (error) => isFault(error, 'sql/unavailable'))
  })
})

async function withCounter(sql: Sql): Promise<Sql> {
  await sql.transaction(async (tx) => {
    await tx.query`create table counter (n integer) strict`
    await tx.query`insert into counter values (0)`
  })
  return sql
}

async function counter(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ n: number }>`select n from counter`
  return row?.n ?? -1
}

function disposable(sql: Sql): Sql & AsyncDisposable {
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.close() })
}
