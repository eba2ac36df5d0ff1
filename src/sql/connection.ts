import assert from 'node:assert/strict'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { sqlFault } from '#sql/faults'
import type { SqlRow, SqlValue } from '#sql/sql'
import { isReading } from '#sql/statement'

/** A template's strings array is one object per place in the source, so it is the cheapest key there is. */
export type PreparedStatements = WeakMap<TemplateStringsArray, Statement>

/**
 * One SQLite connection with its prepared statements. Everything here is synchronous: `node:sqlite` works on
 * the calling thread, and a statement is over, its lock with it, when the call returns.
 */
export class Connection {
  readonly #database: DatabaseSync
  readonly #statements: PreparedStatements
  #isOpen = true

  /** `statements`: of this very database, which may outlive its connections. */
  constructor(database: DatabaseSync, statements: PreparedStatements = new WeakMap()) {
    this.#database = database
    this.#statements = statements
  }

  run(text: TemplateStringsArray, values: readonly SqlValue[] = []): SqlRow[] {
    const statement = this.#prepare(text)
    try {
      return statement.run(values)
    } catch (error) {
      throw faultOf(error)
    }
  }

  /** `run` for statements that only read: others are a mistake of the caller. */
  read(text: TemplateStringsArray, values: readonly SqlValue[]): SqlRow[] {
    assert(this.#prepare(text).reads, 'outside a transaction there are only reads')
    return this.run(text, values)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** False after SQLite has rolled a transaction back by itself, as it does when the disk is full or fails. */
  get isTransaction(): boolean {
    return this.#isOpen && this.#database.isTransaction
  }

  /** A private copy of the committed content, in memory. Not inside a transaction. */
  copy(): Connection {
    this.#assertOpen()
    assert(!this.#database.isTransaction)
    const database = new DatabaseSync(':memory:')
    database.deserialize(this.#database.serialize())
    return new Connection(database)
  }

  /** Leaves the database to whoever else holds it; this connection answers `sql/unavailable` from now on. */
  detach(): void {
    this.#isOpen = false
  }

  /** Rolls back what is open. Idempotent. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#database.close()
  }

  #prepare(text: TemplateStringsArray): Statement {
    this.#assertOpen()
    const known = this.#statements.get(text)
    if (known !== undefined) return known
    try {
      const statement = new Statement(this.#database, text.join('?'))
      this.#statements.set(text, statement)
      return statement
    } catch (error) {
      throw faultOf(error)
    }
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw sqlFault('sql/unavailable', { reason: 'closed' })
  }
}

/**
 * How integers come back: as numbers where that is safe, for reading each as a bigint costs a quarter of a
 * lookup. A number that is too large makes SQLite's binding throw; a statement that only reads is then run
 * again with bigints, and stays so. A statement that writes must not run twice, so its rows are read as
 * bigints from the start.
 */
class Statement {
  readonly reads: boolean
  readonly #statement: StatementSync
  #bigints: boolean
  /** Read with the first row: many a statement never has one. */
  #columns: readonly string[] = []

  constructor(database: DatabaseSync, text: string) {
    this.#statement = database.prepare(text)
    this.reads = isReading(text)
    this.#bigints = !/^\s*select\b/i.test(text) && this.#statement.columns().length > 0
    if (this.#bigints) this.#statement.setReadBigInts(true)
    this.#statement.setReturnArrays(true)
  }

  run(values: readonly SqlValue[]): SqlRow[] {
    const bound = values.map(bind)
    if (this.#bigints) return this.#rowsOf(bound)
    try {
      return this.#rowsOf(bound)
    } catch (error) {
      if (!hasCode(error, 'ERR_OUT_OF_RANGE')) throw error
      this.#bigints = true
      this.#statement.setReadBigInts(true)
      return this.#rowsOf(bound)
    }
  }

  /** Built here: the rows that `node:sqlite` would build are dictionaries, which are slow to make, to read and to copy. */
  #rowsOf(bound: readonly SqlValue[]): SqlRow[] {
    const found = this.#statement.all(...bound) as unknown as readonly (readonly SqlValue[])[] // as `setReturnArrays` has it
    const [first] = found
    if (first === undefined) return []
    if (first.length !== this.#columns.length) this.#columns = this.#readColumns() // `*`, and another column since
    return found.map((values) => this.#rowOf(values))
  }

  #rowOf(values: readonly SqlValue[]): SqlRow {
    const row: Record<string, SqlValue> = {}
    for (const [index, name] of this.#columns.entries()) {
      const value = values[index] ?? null
      row[name] = typeof value === 'bigint' && isSafe(value) ? Number(value) : value
    }
    return row
  }

  #readColumns(): readonly string[] {
    return this.#statement.columns().map(({ name }) => name)
  }
}

/** `node:sqlite` binds every number as a real; a whole number means an integer (`${5} / 2` is 2). */
function bind(value: SqlValue): SqlValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
}

function isSafe(value: bigint): boolean {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER)
}

/**
 * SQLite's primary result codes (https://www.sqlite.org/rescode.html) that come from the world and not from a
 * mistake in a statement.
 */
const codes = new Map<number, Parameters<typeof sqlFault>[0]>([
  [19, 'sql/constraint'],
  [13, 'sql/full'],
  [11, 'sql/corrupt'], // CORRUPT
  [26, 'sql/corrupt'], // NOTADB
  [5, 'sql/unavailable'], // BUSY
  [6, 'sql/unavailable'], // LOCKED
  [7, 'sql/unavailable'], // NOMEM
  [8, 'sql/unavailable'], // READONLY
  [10, 'sql/unavailable'], // IOERR
  [14, 'sql/unavailable'], // CANTOPEN
  [15, 'sql/unavailable'], // PROTOCOL
])

/** The fault that an error of `node:sqlite` stands for; anything else (a syntax error, say) is returned as it is. */
export function faultOf(error: unknown): unknown {
  if (!hasCode(error, 'ERR_SQLITE_ERROR') || !('errcode' in error)) return error
  const resultCode = Number(error.errcode)
  const code = codes.get(resultCode & 0xff)
  return code === undefined ? error : sqlFault(code, { resultCode, reason: error.message }, error)
}

function hasCode(error: unknown, code: string): error is Error {
  return error instanceof Error && 'code' in error && error.code === code
}
