/** The change log's own tables: where the log stands, and the outbox of what nodes may not have yet. */
import type { Era } from '#changelog/era'
import type { Run } from '#changelog/frame'
import type { Queryable } from '#sql/sql'

export interface ChangeState {
  readonly storeId: Uint8Array
  readonly era: Era
  /** Sequence of the newest committed change; 0n in a new store. */
  readonly committed: bigint
  /** All changes up to here are known to be on enough nodes; others are in the outbox. */
  readonly logged: bigint
}

/** In an empty database. */
export async function createState(tx: Queryable, state: ChangeState): Promise<void> {
  await tx.query`
    create table change_state (
      id integer primary key check (id = 1),
      store_id blob not null,
      era integer not null,
      era_first integer not null,
      committed integer not null,
      logged integer not null
    ) strict`
  await tx.query`
    create table change_outbox (
      first integer primary key,
      last integer not null,
      changes blob not null
    ) strict`
  await tx.query`
    insert into change_state values (1, ${state.storeId}, ${state.era.number}, ${state.era.first},
      ${state.committed}, ${state.logged})`
}

/** `undefined` in a database that never was a store's. */
export async function readState(queryable: Queryable): Promise<ChangeState | undefined> {
  const tables = await queryable.query`
    select 1 from sqlite_schema where type = 'table' and name = 'change_state'`
  if (tables.length === 0) return undefined
  const [row] = await queryable.query<{
    store_id: Uint8Array
    era: number
    era_first: number
    committed: number
    logged: number
  }>`select store_id, era, era_first, committed, logged from change_state`
  return (
    row && {
      storeId: row.store_id,
      era: { number: row.era, first: BigInt(row.era_first) },
      committed: BigInt(row.committed),
      logged: BigInt(row.logged),
    }
  )
}

/** Puts a run into the outbox and takes out what is on nodes. In the transaction that applies the run's changes. */
export async function recordRun(tx: Queryable, run: Run, logged: bigint): Promise<void> {
  await addToOutbox(tx, run)
  await tx.query`update change_state set committed = ${run.last}`
  await recordLogged(tx, logged)
}

export async function addToOutbox(tx: Queryable, { first, last, changes }: Run): Promise<void> {
  await tx.query`
    insert into change_outbox (first, last, changes) values (${first}, ${last}, ${changes})`
}

export async function recordLogged(tx: Queryable, logged: bigint): Promise<void> {
  await tx.query`update change_state set logged = ${logged} where logged < ${logged}`
  await tx.query`delete from change_outbox where last <= ${logged}`
}

/** A page of the outbox: a frame's worth when runs are as large as a rebuild makes them. */
const outboxPageRuns = 16

/** The outbox's next runs after `sequence`, oldest first; none when there are no more. */
export async function readOutbox(queryable: Queryable, sequence: bigint): Promise<readonly Run[]> {
  const rows = await queryable.query<{ first: number; last: number; changes: Uint8Array }>`
    select first, last, changes from change_outbox
    where first > ${sequence} order by first limit ${outboxPageRuns}`
  return rows.map(({ first, last, changes }) => ({
    first: BigInt(first),
    last: BigInt(last),
    changes,
  }))
}
