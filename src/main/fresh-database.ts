/** A new metadata database is made beside the old one, and takes its place once it is whole. The old one stays until the next time. */
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OpenDataDirectory } from '#main/data-directory'
import { type OpenDatabaseOptions, openDatabase } from '#main/database'
import { syncDirectory } from '#main/sync-directory'
import { adoptFreshSchema, dropFreshSchema, freshSchema } from '#sql/postgres-schemas'
import type { Sql } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'

export interface FreshDatabase extends AsyncDisposable {
  /** Empty. */
  readonly sql: Sql
  /** It is closed, and is the database from now on. */
  adopt(): Promise<void>
}

/** Faults of `openDatabase`. */
export async function openFreshDatabase(
  directory: OpenDataDirectory,
  options: OpenDatabaseOptions,
): Promise<FreshDatabase> {
  return options.settings.databaseUrl === undefined
    ? await openFreshFile(directory, options)
    : await openFreshSchema(directory, options)
}

async function openFreshFile(
  { database }: OpenDataDirectory,
  { world, telemetry }: OpenDatabaseOptions,
): Promise<FreshDatabase> {
  const fresh = `${database}.new`
  await removeFile(fresh)
  const sql = openSqlite({ path: fresh, telemetry })
  return {
    sql,
    async adopt() {
      await sql.close()
      world.passing('main/database-rebuilt')
      await removeFile(`${database}.old`)
      // A database that was not closed has its newest transactions in the file beside it, which SQLite finds by name.
      for (const suffix of ['', '-wal'])
        await rename(`${database}${suffix}`, `${database}.old${suffix}`).catch(ignoreMissing)
      world.passing('main/database-set-aside')
      await rm(`${database}-shm`, { force: true })
      await rename(fresh, database)
      await syncDirectory(dirname(database))
      world.passing('main/database-in-place')
    },
    [Symbol.asyncDispose]: () => sql.close(),
  }
}

async function openFreshSchema(
  directory: OpenDataDirectory,
  options: OpenDatabaseOptions,
): Promise<FreshDatabase> {
  await using stack = new AsyncDisposableStack()
  const current = await openDatabase(directory, options)
  stack.defer(() => current.close())
  await dropFreshSchema(current)
  const sql = await openDatabase(directory, { ...options, schema: freshSchema })
  stack.defer(() => sql.close())
  const owned = stack.move()
  return {
    sql,
    async adopt() {
      await sql.close()
      await adoptFreshSchema(current)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function removeFile(path: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
