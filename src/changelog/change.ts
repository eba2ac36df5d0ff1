/**
 * Typed, sequenced changes: every durable fact of the store. The room that owns a table owns the
 * change types that write it; `changelog` orders them, makes them durable on nodes and replays them, and
 * knows the meaning of none.
 */
import type { Queryable } from '#sql/sql'

/** Plain JSON; bytes as base64url text. `kind` is `room/what-happened`. */
export type ChangeBody = { readonly kind: string } & Readonly<Record<string, unknown>>

export interface SequencedChange<Body extends ChangeBody = ChangeBody> {
  /** 1, 2, 3, … without a gap over the store's life. */
  readonly sequence: bigint
  /** Wall clock of the commit, ms. For people; never for order. */
  readonly at: number
  readonly body: Body
}

/**
 * How one room's changes become rows. `apply` is the only writer of the room's tables, live and in a rebuild
 * alike, and is a pure function of the rows and the change: no clock, no chance, no I/O but `tx`.
 */
export interface ChangeRoom {
  /** The part of `kind` before the slash. */
  readonly room: string
  /** `create table` statements, run once on an empty database (versioned migrations). */
  readonly migrations: readonly ((tx: Queryable) => Promise<void>)[]
  apply(tx: Queryable, change: SequencedChange): Promise<void>
  /**
   * The shortest series of changes that rebuilds the room's tables from nothing, in a deterministic order.
   * Each carries the sequence and time of the change it stands for, so that order and dates survive. Pages
   * through tables: memory stays bounded.
   */
  dump(tx: Queryable): AsyncIterable<SequencedChange>
  /**
   * Sees every change of the other rooms once they have applied it, in the same transaction, live and in a rebuild: for a room some of whose rows
   * follow from what happens elsewhere. As pure as `apply`.
   */
  readonly follow?: (tx: Queryable, change: SequencedChange) => Promise<void>
}

/** The handle inside a commit: read what decides, then record. */
export interface CommitTransaction extends Queryable {
  /** Gives the change the next sequence number, applies it, and puts it in the outbox. */
  record(body: ChangeBody): Promise<SequencedChange>
  /** Wall clock of this commit, ms: the `at` its changes will carry. */
  readonly at: number
  /**
   * What `read` finds, asked once for all works that share the transaction: until one of them records a change of a kind that is not in `unmovedBy`,
   * or is undone. `fact` names what is read, alike for all who read it.
   */
  once<T>(fact: string, read: () => Promise<T>, unmovedBy: ReadonlySet<string>): Promise<T>
}

/**
 * There are two: with nodes (`openChangeLog`) it survives the loss of the database and one process writes; in a database alone
 * (`openSharedChangeLog`) several may, and the database is all there is.
 */
export interface ChangeLog {
  /**
   * Decides and records atomically. Works that wait together share one transaction, each in its own savepoint, in order
   * of arrival: one that throws leaves no trace and disturbs no other. A work awaits nothing but `tx`, for all others wait
   * for it. Resolves when its changes are durable: with nodes, in the change log on `replicas` of them, i.e. they survive power
   * loss and the loss of the database; in a database alone, committed there. A work that recorded nothing resolves, and one that throws rejects, when everything it could have read
   * is in the log. `changelog/unavailable`: nothing was done, or what was done is not in the log yet and may get there;
   * `changelog/too-large`; faults of `sql`: nothing was done.
   */
  commit<T>(work: (tx: CommitTransaction) => Promise<T>): Promise<T>
  /**
   * Resolves when the log holds all changes up to `sequence` (at once when it does). `changelog/unavailable`
   * while it cannot.
   */
  reached(sequence: bigint): Promise<void>
  /**
   * Sequence of the newest committed change; 0n in a new store. At least that of any change that has been read so far:
   * who reads first and then awaits `reached(committed())` tells nothing, and no absence, that the log could lose.
   */
  committed(): bigint
  /**
   * Ids of nodes, while so many have not been asked since the start that they alone may know of newer changes than the database: until one is back,
   * what the database does not know may be somebody's, and nothing is removed, cut or retired. None where there are no nodes.
   */
  witnessesMissing(): readonly string[]
  close(): Promise<void>
}
