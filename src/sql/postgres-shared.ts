import { sqlFault } from '#sql/faults'
import { type PostgresAddress, parsePostgresAddress } from '#sql/postgres-address'
import { isRefusal, PostgresConnection } from '#sql/postgres-connection'
import { PostgresPool } from '#sql/postgres-pool'
import { beginning, PostgresTransaction, rollBack } from '#sql/postgres-transaction'
import type { SharedSql, SqlRow, SqlValue, Transaction } from '#sql/sql'

export interface SharedPostgresOptions {
  readonly address: string
  /** Connections that read, and again as many that write. */
  readonly connectionsMax: number
}

/**
 * A database on a PostgreSQL server that others write into, too: without a lease. `sql/unavailable`, `sql/malformed-address`. Later, while the
 * server is away, everything is `sql/unavailable`; it recovers by itself.
 */
export async function openSharedPostgres({
  address: text,
  connectionsMax,
}: SharedPostgresOptions): Promise<SharedSql> {
  const address = parsePostgresAddress(text)
  const writers = new Writers(address, { connectionsMax })
  await writers.use(async () => {}) // whether it can be reached at all
  return new SharedPostgres(new PostgresPool(address, { connectionsMax }), writers)
}

class SharedPostgres implements SharedSql {
  readonly #readers: PostgresPool
  readonly #writers: Writers

  constructor(readers: PostgresPool, writers: Writers) {
    this.#readers = readers
    this.#writers = writers
  }

  async query<Row extends SqlRow = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> {
    return await (await this.#readers.take()).read<Row>(text, values)
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#writers.use(async (connection) => {
      const tx = new PostgresTransaction(connection)
      const begun = connection.command(beginning())
      begun.catch(() => {}) // awaited below, or what comes after it fails, too
      let result: T
      try {
        result = await work(tx)
        await begun
        tx.end()
      } catch (error) {
        tx.forget()
        await rollBack(connection)
        throw error
      }
      await commit(connection)
      return result
    })
  }

  async close(): Promise<void> {
    await this.#writers.close()
    this.#readers.close()
  }
}

async function commit(connection: PostgresConnection): Promise<void> {
  try {
    const said = await connection.command('commit')
    if (said === 'COMMIT') return
  } catch (error) {
    if (!isRefusal(error)) connection.abandon()
    throw error
  }
  throw sqlFault('sql/unavailable', { reason: 'the transaction was rolled back' })
}

/** Connections of which each is one task's at a time. Who finds none free waits in line. */
class Writers {
  readonly #address: PostgresAddress
  readonly #connectionsMax: number
  readonly #line: (() => void)[] = []
  #free: PostgresConnection[] = []
  #busy = 0
  #isClosed = false
  #lastIsDone: (() => void) | undefined

  constructor(address: PostgresAddress, { connectionsMax }: { readonly connectionsMax: number }) {
    this.#address = address
    this.#connectionsMax = connectionsMax
  }

  async use<T>(task: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw sqlFault('sql/unavailable', { reason: 'closed' })
    if (this.#busy < this.#connectionsMax) this.#busy += 1
    else await new Promise<void>((resolve) => this.#line.push(resolve))
    try {
      const connection = await this.#take()
      try {
        return await task(connection)
      } finally {
        if (connection.isOpen) this.#free.push(connection)
      }
    } finally {
      this.#leave()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#busy > 0) {
      const done = Promise.withResolvers<void>()
      this.#lastIsDone = done.resolve
      await done.promise
    }
    for (const connection of this.#free) connection.close()
  }

  async #take(): Promise<PostgresConnection> {
    this.#free = this.#free.filter(({ isOpen }) => isOpen)
    return this.#free.pop() ?? (await PostgresConnection.open(this.#address))
  }

  /** The place goes to the next in line, if there is one. */
  #leave(): void {
    const next = this.#line.shift()
    if (next !== undefined) next()
    else this.#busy -= 1
    if (this.#busy === 0) this.#lastIsDone?.()
  }
}
