/**
 * The table of manifests. On PostgreSQL it is the one that the registry in Rust makes, name by name, so that both may run on one database;
 * there `created_at` may be null. On SQLite it counts seconds since 1970.
 */
import type { Queryable, SharedSql } from '#sql/sql'

export interface RegistryDatabase {
  readonly kind: 'sqlite' | 'postgresql'
  readonly sql: SharedSql
}

/** Any numbers do, as long as nobody else on the database uses them. */
const makingLock = 0x6d796371
const removingLock = 0x6d796372

/** Several processes may do so at once; what is there stays as it is. */
export async function makeTables({ kind, sql }: RegistryDatabase): Promise<void> {
  await sql.transaction(kind === 'sqlite' ? makeInFile : makeOnServer)
}

async function makeInFile(tx: Queryable): Promise<void> {
  await tx.query`
    create table if not exists blobs (
      hash blob not null primary key,
      data blob not null,
      size integer not null,
      created_at integer not null default (unixepoch())
    ) strict`
  await tx.query`create index if not exists idx_blobs_created_at on blobs (created_at)`
}

/** Looks first: who may not make tables may still use those that are there. */
async function makeOnServer(tx: Queryable): Promise<void> {
  await tx.query`select pg_advisory_xact_lock(${makingLock})` // two at once must not both make the table
  const [found] = await tx.query`
    select to_regclass('blobs') is not null as blobs, to_regclass('idx_blobs_created_at') is not null as idx`
  if (found?.['blobs'] !== 1)
    await tx.query`
      create table blobs (
        hash blob primary key,
        data blob not null,
        size integer not null,
        created_at timestamptz default now()
      )`
  if (found?.['idx'] !== 1) await tx.query`create index idx_blobs_created_at on blobs (created_at)`
}

/**
 * Removes up to `most` manifests that are older than `days`; returns how many. `undefined` while another process is at it. Those of which
 * nobody knows the age stay.
 */
export async function removeOlder(
  { kind, sql }: RegistryDatabase,
  { days, most }: { readonly days: number; readonly most: number },
): Promise<number | undefined> {
  return await sql.transaction(async (tx) => {
    if (kind === 'sqlite') {
      const removed = await tx.query`
        delete from blobs where hash in (
          select hash from blobs where created_at < unixepoch() - ${days * daySeconds} order by created_at limit ${most}
        ) returning size`
      return removed.length
    }
    const [lock] = await tx.query`select pg_try_advisory_xact_lock(${removingLock}) as held`
    if (lock?.['held'] !== 1) return undefined
    const removed = await tx.query`
      delete from blobs where hash in (
        select hash from blobs where created_at < now() - ${days} * interval '1 day' order by created_at limit ${most}
      ) returning size`
    return removed.length
  })
}

const daySeconds = 86_400
