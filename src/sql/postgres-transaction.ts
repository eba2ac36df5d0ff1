import { Progress } from '#sql/_progress'
import type { PostgresConnection } from '#sql/postgres-connection'
import type { SqlRow, SqlValue, Transaction } from '#sql/sql'

/** A session that is lost in the middle of a transaction gives its locks back after this long. */
const idleSeconds = 60
/** How long to wait for the locks of such a session. */
const lockSeconds = 5

/**
 * The first word of each transaction. What it sets ends with the transaction, so a pooler's next client does not inherit it. An operator
 * may have turned synchronous commits off; here a commit is durable.
 */
export function beginning({ schema }: { readonly schema?: string } = {}): string {
  const place = schema === undefined ? '' : `; set local search_path = ${schema}`
  return (
    `begin; set local synchronous_commit = on; set local idle_in_transaction_session_timeout = '${idleSeconds}s'` +
    `; set local lock_timeout = '${lockSeconds}s'${place}`
  )
}

export async function rollBack(connection: PostgresConnection): Promise<void> {
  if (!connection.isOpen) return
  try {
    await connection.command('rollback')
  } catch {
    connection.abandon() // the server rolls back when it notices
  }
}

/**
 * The handle of an open transaction. After a failed statement PostgreSQL refuses all others until its savepoint is undone; they are told
 * what has failed.
 */
export class PostgresTransaction implements Transaction {
  readonly #connection: PostgresConnection
  readonly #progress = new Progress()

  constructor(connection: PostgresConnection) {
    this.#connection = connection
  }

  async query<Row extends SqlRow = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> {
    this.#progress.assertUsable()
    try {
      return await this.#connection.query<Row>(text, ...values)
    } catch (error) {
      throw this.#progress.fail(error)
    }
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#progress.assertUsable()
    this.#send('savepoint work') // names may repeat: the innermost is meant
    return await this.#progress.within(work, {
      release: () => this.#send('release work'),
      undo: () => this.#undo(),
    })
  }

  /** The last moment to find out that a statement has failed. */
  end(): void {
    this.#progress.assertUsable()
    this.#progress.end()
  }

  forget(): void {
    this.#progress.end()
  }

  /** Without waiting: should it fail, the next statement does too, and the commit. */
  #send(text: string): void {
    this.#connection.command(text).catch((error: unknown) => void this.#progress.fail(error))
  }

  async #undo(): Promise<void> {
    if (this.#progress.isOver || !this.#connection.isOpen) return
    await this.#connection.command('rollback to work; release work')
    this.#progress.undone()
  }
}
