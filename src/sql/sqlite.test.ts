import { deepEqual, equal, rejects } from 'node:assert/strict'
import { mkdtemp, open as openFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import { isFault } from '#fault/fault'
import { openSqlite } from '#sql/sqlite'
import { SqliteMemory } from '#sql/sqlite-memory'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { counter, disposable, withCounter } from '../../test/contract/sql.contract.ts'

const directory = await mkdtemp(join(tmpdir(), 'mycelium-sql-'))
after(() => rm(directory, { recursive: true }))
let files = 0
const newPath = (): string => join(directory, `${++files}.sqlite`)

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
