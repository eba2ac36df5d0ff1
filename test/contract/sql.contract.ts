/** What every `Sql` promises; run against each of them by `sql.test.ts`. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { isFault } from '#fault/fault'
import { listTables } from '#sql/catalog'
import type { Sql, SqlRow, SqlValue, Transaction } from '#sql/sql'

/** Opens an empty database, which the test closes. */
export type OpenSql = () => Promise<Sql>

export function sqlContract(
  name: string,
  open: OpenSql,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  describe(name, { skip }, () => {
    test('every value comes back as it was bound', async () => {
      await using sql = disposable(await open())
      await sql.transaction(
        (tx) => tx.query`create table item (id integer primary key, n integer, t text, b blob)`,
      )
      const integers = [0, -1, 2 ** 53 - 1, -(2 ** 53 - 1), 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)]
      const texts = ['', 'ä', "'; drop table item; --", '\u{1f344}']
      const blobs = [new Uint8Array([0, 255, 92, 39]), new Uint8Array(0)]
      const rows: readonly (readonly [SqlValue, SqlValue, SqlValue])[] = [
        ...integers.map((n) => [n, null, null] as const),
        ...texts.map((t) => [null, t, null] as const),
        ...blobs.map((b) => [null, null, b] as const),
      ]
      const written = await sql.transaction(async (tx) => {
        const returned = []
        for (const [id, [n, t, b]] of rows.entries())
          returned.push(
            ...(await tx.query`insert into item values (${id}, ${n}, ${t}, ${b}) returning n, t, b`),
          )
        return returned
      })
      const read = await sql.query`select n, t, b from item order by id`
      for (const found of [written, read])
        deepEqual(
          found.map(({ n, t, b }) => [n, t, b]),
          rows,
        )
    })

    test('integers: a number where it is exact, a bigint where it is not, whichever came first', async () => {
      await using sql = disposable(await open())
      await fc.assert(
        fc.asyncProperty(fc.array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)), async (numbers) => {
          for (const number of numbers) {
            const [row] = await sql.query`select ${number} as same`
            const safe = Number.isSafeInteger(Number(number)) && BigInt(Number(number)) === number
            deepEqual({ ...row }, { same: safe ? Number(number) : number })
          }
        }),
        { numRuns: 30 },
      )
    })

    test('whole numbers are integers to the database', async () => {
      await using sql = disposable(await open())
      deepEqual(plain(await sql.query`select ${5} / 2 as half, ${2.5} * 2 as whole`), [
        { half: 2, whole: 5 },
      ])
    })

    test('a transaction that throws leaves nothing, and the next one works', async () => {
      await using sql = disposable(await withCounter(await open()))
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
      await using sql = disposable(await withCounter(await open()))
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
      await using sql = disposable(await withCounter(await open()))
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
      await using sql = disposable(await withCounter(await open()))
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

    test('a broken constraint is a fault, and its savepoint is undone', async () => {
      await using sql = disposable(await open())
      await sql.transaction(async (tx) => {
        await tx.query`create table parent (id integer primary key)`
        await tx.query`create table child (parent integer references parent)`
        await tx.query`insert into parent values (1)`
        for (const attempt of [
          () => tx.query`insert into parent values (1)`,
          () => tx.query`insert into child values (7)`,
        ])
          await rejects(
            tx.savepoint(async () => {
              await tx.query`insert into child values (1)`
              await attempt()
            }),
            isConstraint,
          )
        await tx.query`insert into child values (1)`
      })
      deepEqual(plain(await sql.query`select * from child`), [{ parent: 1 }])
    })

    test('after a failed statement nothing goes on, even if the work does', async () => {
      await using sql = disposable(await withCounter(await open()))
      const goOn = async (tx: Transaction): Promise<void> => {
        await tx.query`update counter set n = 1`
        await rejects(tx.query`insert into counter (n) values (null)`, isConstraint)
        await rejects(tx.query`update counter set n = 2`, isConstraint)
      }
      await rejects(sql.transaction(goOn), isConstraint)
      await sql.transaction((tx) =>
        rejects(
          tx.savepoint(() => goOn(tx)),
          isConstraint,
        ),
      )
      equal(await counter(sql), 0)
    })

    test('keys and text are ordered by their bytes', async () => {
      await using sql = disposable(await open())
      await sql.transaction(
        (tx) => tx.query`create table name (b blob primary key, t text not null unique)`,
      )
      const names = ['a', 'B', 'ä', 'a b', 'a-b', 'ab', '\u{1f344}', '\u{ffff}', '~', 'Z']
      await sql.transaction(async (tx) => {
        for (const name of names)
          await tx.query`insert into name values (${Buffer.from(name)}, ${name})`
      })
      const sorted = names.toSorted((one, other) =>
        Buffer.compare(Buffer.from(one), Buffer.from(other)),
      )
      for (const rows of [
        await sql.query`select t from name order by t`,
        await sql.query`select t from name order by b`,
      ])
        deepEqual(
          rows.map(({ t }) => t),
          sorted,
        )
      const from = Buffer.from('a b')
      deepEqual(
        plain(await sql.query`select t from name where b > ${from} order by b limit ${2}`),
        [{ t: 'a-b' }, { t: 'ab' }],
      )
    })

    test('the catalogue names the tables, and nothing else', async () => {
      await using sql = disposable(await open())
      deepEqual(await sql.query`select name from sqlite_schema limit 1`, [])
      await withCounter(sql)
      deepEqual(
        plain(
          await sql.query`select 1 as found from sqlite_schema where type = 'table' and name = 'counter'`,
        ),
        [{ found: 1 }],
      )
    })

    test('the catalogue knows columns, and keys in their order', async () => {
      await using sql = disposable(await withCounter(await open()))
      await sql.transaction(
        (tx) =>
          tx.query`create table "blob" (a text, b blob not null, c integer, primary key (c, a))`,
      )
      deepEqual(await listTables(sql), [
        { name: 'blob', columns: ['a', 'b', 'c'], key: ['c', 'a'] },
        { name: 'counter', columns: ['n'], key: [] },
      ])
    })

    test('whoever reads a commit is told of it first', async () => {
      await using sql = disposable(await withCounter(await open()))
      let told = 0
      const writes = (async () => {
        for (let n = 1; n <= 50; n += 1)
          await sql.transaction(
            async (tx) => {
              await tx.query`update counter set n = ${n}`
              return n
            },
            {
              onCommitted: (result) => {
                told = result
              },
            },
          )
      })()
      const reads = (async () => {
        for (let seen = 0; seen < 50; ) {
          seen = await counter(sql)
          equal(seen <= told, true)
          await setImmediate()
        }
      })()
      await Promise.all([writes, reads])
    })

    test('outside a transaction there is nothing but reading', async () => {
      await using sql = disposable(await withCounter(await open()))
      await rejects(sql.query`update counter set n = 1`, /only reads/)
      await rejects(sql.query`with x as (select 1) delete from counter`, /only reads/)
      await sql.view((view) => rejects(view.query`delete from counter`, /only reads/))
    })

    test('a handle used after its transaction is a mistake, not a write', async () => {
      await using sql = disposable(await withCounter(await open()))
      const leaked = await sql.transaction(async (tx) => tx)
      await rejects(leaked.query`update counter set n = 1`, /after its end/)
      await rejects(
        leaked.savepoint(async () => {}),
        /after its end/,
      )
    })

    test('a view stays as it was while others commit', async () => {
      await using sql = disposable(await withCounter(await open()))
      await sql.view(async (view) => {
        await sql.transaction((tx) => tx.query`update counter set n = 1`)
        equal((await view.query`select n from counter`)[0]?.['n'], 0)
        equal(await counter(sql), 1)
      })
    })

    test('a closed database answers unavailable', async () => {
      const sql = await withCounter(await open())
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

const isConstraint = (error: unknown): boolean => isFault(error, 'sql/constraint')

/** Rows of `node:sqlite` have no prototype; that is all the difference. */
const plain = (rows: readonly SqlRow[]): SqlRow[] => rows.map((row) => ({ ...row }))

/** The same database, with a table of one number, 0. */
export async function withCounter(sql: Sql): Promise<Sql> {
  await sql.transaction(async (tx) => {
    await tx.query`create table counter (n integer not null)`
    await tx.query`insert into counter values (0)`
  })
  return sql
}

export async function counter(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ n: number }>`select n from counter`
  return row?.n ?? -1
}

export function disposable(sql: Sql): Sql & AsyncDisposable {
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.close() })
}
