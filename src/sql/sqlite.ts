import { type FileHandle, open } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { Connection, faultOf } from '#sql/connection'
import { sqlFault } from '#sql/faults'
import { Queue } from '#sql/queue'
import { readsOf } from '#sql/reads'
import type { Queryable, Sql, SqlRow, SqlValue, Transaction } from '#sql/sql'
import { SqliteMemory } from '#sql/sqlite-memory'
import { runTransaction } from '#sql/transaction'
import type { Telemetry } from '#telemetry/telemetry'

/** `path` is a file, created when it does not exist, or `:memory:`. `sql/corrupt`, `sql/unavailable`. */
export function openSqlite({ path, telemetry }: { path: string; telemetry: Telemetry }): Sql {
  if (path === ':memory:') return new SqliteMemory().open()
  return new FileSql(path, telemetry)
}

/**
 * A database file, in WAL mode with a sync per commit: what `transaction` has returned survives power loss. SQLite itself would sync on the
 * calling thread, so it is told not to, and the write-ahead log is synced here, beside it.
 * One connection writes; another reads while a transaction is under way, so that a read never sees what is not committed. Otherwise the
 * writer reads too: what it has just written is in its cache, and the other would have to read it anew.
 */
class FileSql implements Sql {
  readonly #path: string
  readonly #telemetry: Telemetry
  readonly #writer: Connection
  readonly #reader: Connection
  readonly #queue = new Queue()
  #log: Promise<FileHandle> | undefined
  #isOpen = true

  constructor(path: string, telemetry: Telemetry) {
    this.#path = path
    this.#telemetry = telemetry
    this.#writer = connect(path)
    this.#reader = connect(path)
  }

  async query<Row extends SqlRow = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> {
    const connection = this.#writer.isTransaction ? this.#reader : this.#writer
    return connection.read(text, values) as Row[] // the caller states what its statement selects
  }

  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options?: { readonly onCommitted?: (result: T) => void },
  ): Promise<T> {
    return this.#queue.run(async () => {
      try {
        const result = await runTransaction(this.#writer, work, options)
        await this.#syncLog()
        return result
      } catch (error) {
        if (this.#isOpen && !this.#writer.isOpen) this.#giveUp(error)
        throw error
      }
    })
  }

  async view<T>(work: (view: Queryable) => Promise<T>): Promise<T> {
    const connection = connect(this.#path)
    try {
      connection.run`begin`
      connection.run`select 1 from sqlite_schema limit 1` // the first read fixes what the others see
      return await work(readsOf(connection))
    } finally {
      connection.close()
    }
  }

  async close(): Promise<void> {
    await this.#queue.run(async () => {
      await (await this.#log)?.close()
      this.#closeBoth()
    })
  }

  /** After a failed sync the pages in memory say nothing about the disk: the connection is given up. */
  async #syncLog(): Promise<void> {
    try {
      this.#log ??= open(`${this.#path}-wal`) // there from the first transaction on, for as long as we are connected
      await (await this.#log).datasync()
    } catch (error) {
      this.#writer.close()
      throw sqlFault(
        'sql/unavailable',
        { reason: 'the write-ahead log could not be synced' },
        error,
      )
    }
  }

  #giveUp(error: unknown): void {
    this.#telemetry.note(
      'error',
      'The database was given up: a commit may not have reached the disk',
      {
        path: this.#path,
        error,
      },
    )
    this.#closeBoth()
  }

  #closeBoth(): void {
    this.#isOpen = false
    this.#reader.close()
    this.#writer.close()
  }
}

/**
 * Another process that holds the file (a backup, a shell) makes us wait this long, and the process with us,
 * before `sql/unavailable`.
 */
const busyTimeoutMs = 5_000
/** Pages kept in memory per connection. */
const cacheKibibytes = 64 * 1024
/** After a long view has let the write-ahead log grow, it is cut back to this. */
const journalBytesMax = 64 * 1024 * 1024

function connect(path: string): Connection {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: busyTimeoutMs })
    database.exec(`
      pragma journal_mode = wal;
      pragma synchronous = normal;
      pragma checkpoint_fullfsync = on;
      pragma temp_store = memory;
      pragma cache_size = -${cacheKibibytes};
      pragma journal_size_limit = ${journalBytesMax};
      pragma trusted_schema = off;
    `)
    return new Connection(database)
  } catch (error) {
    database?.close()
    throw faultOf(error)
  }
}
