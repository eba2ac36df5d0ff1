/**
 * One process at a time writes into a database. Its right is a lease: a row with a token that grows with each holder. Every transaction
 * begins by marking the row under its token, so a holder that slept through a takeover is refused by the database itself; and the mark
 * counts transactions, so that after a connection was lost during a commit the row tells whether it happened. The clock is the
 * database's; that holders agree on the time is not needed.
 */
import assert from 'node:assert/strict'
import { sqlFault } from '#sql/faults'
import type { Queryable } from '#sql/sql'

/** Who does not renew for so long may be followed by another. */
export const leaseMs = 15_000

/** Any number does, as long as nobody else on the database uses it. */
const makingLock = 0x6d796365

export interface LeaseHolder {
  /** The same for a process and its successor on the same data: the successor need not wait. */
  readonly place: string
  /** For people, e.g. `mycelium up on shelf-3, process 4711`. */
  readonly program: string
}

export interface Lease {
  readonly token: number
}

/** How other processes on the database turn to the holder. */
export interface Contact {
  /** A URL; empty until the holder has said so. */
  readonly address: string
  /** What only the holder knows, and who may read the database. */
  readonly pass: string
}

/** The lease as anybody sees it. */
export interface SeenLease extends Lease, Contact {
  /** By the database's clock. */
  readonly isHeld: boolean
  readonly place: string
}

/** In a transaction. `sql/lease-held` while another place holds it. */
export async function takeLease(tx: Queryable, { place, program }: LeaseHolder): Promise<Lease> {
  await tx.query`select pg_advisory_xact_lock(${makingLock})` // two at once must not both make the table
  await tx.query`
    create table if not exists store_lease (
      id integer primary key check (id = 1),
      token integer not null,
      transactions integer not null,
      place text not null,
      program text not null,
      expires_at timestamptz not null
    )`
  await addContact(tx)
  await tx.query`
    insert into store_lease (id, token, transactions, place, program, expires_at)
    values (1, 0, 0, '', '', '-infinity') on conflict do nothing`
  const [taken] = await tx.query`
    update store_lease set token = token + 1, transactions = 0, place = ${place}, program = ${program},
      address = '', pass = '', expires_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where place = ${place} or expires_at < clock_timestamp() returning token`
  if (taken !== undefined) return { token: Number(taken['token']) }
  throw await leaseHeld(tx)
}

/** Tables of older versions have no such columns. To look first is cheap; altering waits until nobody uses the table. */
async function addContact(tx: Queryable): Promise<void> {
  const [known] = await tx.query`
    select 1 as known from pg_attribute
    where attrelid = 'store_lease'::regclass and attname = 'pass' and not attisdropped`
  if (known !== undefined) return
  await tx.query`
    alter table store_lease
      add column address text not null default '', add column pass text not null default ''`
}

/** In a transaction of the holder: from then on the others know how to turn to it. The next holder begins without. */
export async function introduceHolder(tx: Queryable, { address, pass }: Contact): Promise<void> {
  await tx.query`update store_lease set address = ${address}, pass = ${pass}`
}

/** `undefined` when nobody has ever held it. Needs no lease. */
export async function readLease(database: Queryable): Promise<SeenLease | undefined> {
  const [table] = await database.query`select to_regclass('store_lease') is not null as there`
  if (table?.['there'] !== 1) return undefined
  const [row] = await database.query`
    select *, expires_at > clock_timestamp() as held from store_lease where token > 0`
  if (row === undefined) return undefined
  const { token, held, place, address, pass } = row
  return {
    token: Number(token),
    isHeld: held === 1,
    place: String(place),
    address: String(address ?? ''), // of an older version's holder nothing is known
    pass: String(pass ?? ''),
  }
}

/** Says who holds it. */
export async function leaseHeld(tx: Queryable): Promise<Error> {
  const [held] = await tx.query`select program from store_lease`
  return sqlFault('sql/lease-held', { holder: String(held?.['program']) })
}

/** First in each transaction: renews the lease, and writes down that this is transaction `number`. `sql/lease-lost` */
export async function markLease(tx: Queryable, { token }: Lease, number: number): Promise<void> {
  const marked = await tx.query`
    update store_lease set transactions = ${number},
      expires_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where token = ${token} returning token`
  if (marked.length === 0) throw leaseLost()
}

/**
 * How many of the holder's transactions are committed. Waits for one that may still be under way in a session that we have lost. In a
 * transaction. `sql/lease-lost`
 */
export async function countTransactions(tx: Queryable, { token }: Lease): Promise<number> {
  const [row] = await tx.query`
    select transactions from store_lease where token = ${token} for update`
  if (row === undefined) throw leaseLost()
  assert(typeof row['transactions'] === 'number')
  return row['transactions']
}

/** The next one need not wait. In a transaction. */
export async function giveLeaseBack(tx: Queryable, { token }: Lease): Promise<void> {
  await tx.query`update store_lease set expires_at = '-infinity' where token = ${token}`
}

function leaseLost(): Error {
  return sqlFault('sql/lease-lost', { reason: 'another process has taken the database over' })
}
