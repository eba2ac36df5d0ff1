import assert from 'node:assert/strict'
import type { PostgresConnection } from '#sql/postgres-connection'
import type { SqlRow, SqlValue, Transaction } from '#sql/sql'

/**
 * The handle of an open transaction. After a failed statement PostgreSQL refuses all others until its savepoint is undone; they are told
 * what has failed.
 */
export class PostgresTransaction implements Transaction {
  readonly #connection: PostgresConnection
  #depth = 0
  #isOver = false
  #failure: { readonly error: unknown } | undefined

  constructor(connection: PostgresConnection) {
    this.#connection = connection
  }

  async query<Row extends SqlRow = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> {
    this.#assertUsable()
    try {
      return await this.#connection.query<Row>(text, ...values)
    } catch (error) {
      this.#failure ??= { error }
      throw this.#failure.error
    }
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#assertUsable()
    this.#send('savepoint work') // names may repeat: the innermost is meant
    this.#depth += 1
    const depth = this.#depth
    try {
      const result = await work()
      this.#assertUsable()
      assert(this.#depth === depth, 'savepoints nest')
      this.#send('release work')
      return result
    } catch (error) {
      await this.#undo()
      throw error
    } finally {
      this.#depth = depth - 1
    }
  }

  /** The last moment to find out that a statement has failed. */
  end(): void {
    this.#assertUsable()
    this.#isOver = true
  }

  forget(): void {
    this.#isOver = true
  }

  /** Without waiting: should it fail, the next statement does too, and the commit. */
  #send(text: string): void {
    this.#connection.command(text).catch((error: unknown) => {
      this.#failure ??= { error }
    })
  }

  async #undo(): Promise<void> {
    if (this.#isOver || !this.#connection.isOpen) return
    await this.#connection.command('rollback to work; release work')
    this.#failure = undefined
  }

  #assertUsable(): void {
    assert(!this.#isOver, 'a transaction used after its end')
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
