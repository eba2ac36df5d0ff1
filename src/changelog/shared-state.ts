/** Where a change log in a database alone keeps its place: one row, which whoever commits locks. */
import { changelogFault } from '#changelog/faults'
import { isFault } from '#fault/fault'
import type { Queryable, SharedSql } from '#sql/sql'

/** Of processes that start at the same moment on an empty server, one makes the tables; the others find them when they look again. */
const triesMax = 5

/**
 * The keyring of what is in the database, as it lies there: wrapped under the master key. `undefined` where nobody has begun.
 */
export async function readSharedKeyring(queryable: Queryable): Promise<Uint8Array | undefined> {
  if (!(await hasTable(queryable, 'change_head'))) return undefined
  const [row] = await queryable.query<{
    keyring: Uint8Array
  }>`select keyring from change_head where id = 1`
  return row?.keyring
}

/**
 * Returns the keyring in force: the one given, or that of whoever came first. `changelog/database-foreign` for the database of a store with nodes.
 */
export async function beginSharedLog(sql: SharedSql, keyring: Uint8Array): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    const found = await readSharedKeyring(sql)
    if (found !== undefined) return found
    if (await hasTable(sql, 'change_state'))
      throw changelogFault('changelog/database-foreign', {
        reason: 'it is the metadata of a store with nodes',
      })
    try {
      await sql.transaction((tx) => createHead(tx, keyring))
    } catch (error) {
      // PostgreSQL refuses whoever makes the same table at the same moment in one of several ways.
      const isRace = isFault(error, 'sql/constraint') || (await hasTable(sql, 'change_head'))
      if (!isRace || attempt >= triesMax) throw error
    }
  }
}

async function hasTable(queryable: Queryable, name: string): Promise<boolean> {
  const tables = await queryable.query`
    select 1 from sqlite_schema where type = 'table' and name = ${name}`
  return tables.length > 0
}

async function createHead(tx: Queryable, keyring: Uint8Array): Promise<void> {
  await tx.query`
    create table if not exists change_head (
      id integer primary key check (id = 1),
      committed integer not null,
      keyring blob not null
    ) strict`
  await tx.query`insert into change_head values (1, 0, ${keyring}) on conflict (id) do nothing`
}

/** Everybody else who commits waits until this transaction is over. Sequence of the newest change. */
export async function lockHead(tx: Queryable): Promise<bigint> {
  const [row] = await tx.query<{ committed: number }>`
    update change_head set committed = committed where id = 1 returning committed`
  if (row === undefined) throw changelogFault('changelog/database-missing')
  return BigInt(row.committed)
}

export async function recordHead(tx: Queryable, committed: bigint): Promise<void> {
  await tx.query`update change_head set committed = ${committed} where id = 1`
}
