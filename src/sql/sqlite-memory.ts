import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { Connection, type PreparedStatements } from '#sql/connection'
import { sqlFault } from '#sql/faults'
import { Queue } from '#sql/queue'
import { readsOf } from '#sql/reads'
import type { Queryable, Sql, SqlRow, SqlValue, Transaction } from '#sql/sql'
import { runTransaction } from '#sql/transaction'

/**
 * A database in memory that outlives its `Sql` as a file outlives a process: what a simulation crashes and
 * reopens. Everything that was committed survives, nothing else does.
 */
export class SqliteMemory {
  readonly #database: DatabaseSync
  /** A process that begins anew finds them: a simulation has thousands. */
  readonly #statements: PreparedStatements = new WeakMap()
  #sql: MemorySql | undefined

  /** Callers leave `database` out. */
  constructor(database = new DatabaseSync(':memory:')) {
    this.#database = database
  }

  /** One `Sql` at a time. */
  open(): Sql {
    if (this.#sql !== undefined) throw sqlFault('sql/unavailable', { reason: 'already open' })
    this.#sql = new MemorySql(new Connection(this.#database, this.#statements), () => {
      this.#sql = undefined
    })
    return this.#sql
  }

  /** What a copy of the file would hold: all that is committed, in a database of its own. Not during a transaction. */
  copy(): SqliteMemory {
    assert(!this.#database.isTransaction, 'a copy of a database in the middle of a transaction')
    const database = new DatabaseSync(':memory:')
    database.deserialize(this.#database.serialize())
    return new SqliteMemory(database)
  }

  /** Reads what is committed, where it lies: whoever has it open waits until `work` is over. Not during a transaction. */
  inspect<T>(work: (view: Queryable) => Promise<T>): Promise<T> {
    assert(!this.#database.isTransaction, 'a look into a database in the middle of a transaction')
    const view = readsOf(new Connection(this.#database, this.#statements))
    return this.#sql === undefined ? work(view) : this.#sql.hold(() => work(view))
  }

  /**
   * The process that used the database is no more: its transaction is undone, and its `Sql` answers
   * `sql/unavailable`.
   */
  crash(): void {
    this.#sql?.detach()
    if (this.#database.isTransaction) this.#database.exec('rollback')
  }
}

/** With one connection there is one state, so a read that arrives during a transaction waits for its end. */
class MemorySql implements Sql {
  readonly #connection: Connection
  readonly #detached: () => void
  readonly #queue = new Queue()

  constructor(connection: Connection, detached: () => void) {
    this.#connection = connection
    this.#detached = detached
  }

  async query<Row extends SqlRow = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> {
    if (this.#queue.isIdle) return this.#connection.read(text, values) as Row[] // as the caller states
    return this.#queue.run(async () => this.#connection.read(text, values) as Row[])
  }

  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options?: { readonly onCommitted?: (result: T) => void },
  ): Promise<T> {
    return this.#queue.run(() => runTransaction(this.#connection, work, options))
  }

  async view<T>(work: (view: Queryable) => Promise<T>): Promise<T> {
    const copy = await this.#queue.run(async () => this.#connection.copy())
    try {
      return await work(readsOf(copy))
    } finally {
      copy.close()
    }
  }

  /** Nothing else is done with the database meanwhile. */
  hold<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(work)
  }

  async close(): Promise<void> {
    await this.#queue.run(async () => this.detach())
  }

  detach(): void {
    this.#connection.detach()
    this.#detached()
  }
}
