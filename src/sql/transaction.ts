import { isFault } from '#fault/fault'
import { Progress } from '#sql/_progress'
import type { Connection } from '#sql/connection'
import { sqlFault } from '#sql/faults'
import type { SqlRow, SqlValue, Transaction } from '#sql/sql'

/** Commits when `work` resolves, rolls back when it throws. The caller sees to it that there is one at a time. */
export async function runTransaction<T>(
  connection: Connection,
  work: (tx: Transaction) => Promise<T>,
  { onCommitted }: { readonly onCommitted?: (result: T) => void } = {},
): Promise<T> {
  connection.run`begin immediate`
  const tx = new OpenTransaction(connection)
  try {
    const result = await work(tx)
    tx.end()
    commit(connection)
    onCommitted?.(result)
    return result
  } catch (error) {
    tx.forget()
    if (connection.isTransaction) connection.run`rollback`
    throw error
  }
}

/**
 * A commit that fails on a deferred constraint leaves the transaction open, and one that finds the disk full
 * is rolled back. Any other failure may be a failed sync, after which the file's pages in memory say nothing
 * about the disk: the connection is given up.
 */
function commit(connection: Connection): void {
  try {
    connection.run`commit`
  } catch (error) {
    if (!connection.isTransaction && !isFault(error, 'sql/full')) connection.close()
    throw error
  }
}

class OpenTransaction implements Transaction {
  readonly #connection: Connection
  readonly #progress = new Progress()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async query<Row extends SqlRow = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> {
    this.#assertUsable()
    try {
      return this.#connection.run(text, values) as Row[] // the caller states what its statement selects
    } catch (error) {
      throw this.#progress.fail(error)
    }
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#assertUsable()
    this.#connection.run`savepoint work` // names may repeat: the innermost is meant
    return await this.#progress.within(work, {
      release: () => {
        this.#assertUsable()
        this.#connection.run`release work`
      },
      undo: () => this.#undo(),
    })
  }

  /** The last moment to find out that the transaction is no more. */
  end(): void {
    this.#assertUsable()
    this.#progress.end()
  }

  forget(): void {
    this.#progress.end()
  }

  #undo(): void {
    if (this.#progress.isOver || !this.#connection.isTransaction) return
    this.#connection.run`rollback to work`
    this.#connection.run`release work`
    this.#progress.undone()
  }

  /**
   * PostgreSQL refuses what comes after a failed statement, and so do we. Besides, a statement after SQLite's own rollback would run, and
   * commit, by itself.
   */
  #assertUsable(): void {
    this.#progress.assertUsable()
    if (!this.#connection.isTransaction)
      throw sqlFault('sql/unavailable', { reason: 'the transaction was rolled back' })
  }
}
