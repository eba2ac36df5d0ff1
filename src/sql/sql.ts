/**
 * Open, query, transact. Two databases behind one interface, SQLite and PostgreSQL; knows no product's tables.
 * Statements are tagged templates: text is static, every `${value}` is a bound parameter, so nothing can be injected.
 * They are written in what both databases understand (`dialect.ts` does the rest): no `insert or …`, no functions of one of them.
 */

export type SqlValue = string | number | bigint | Uint8Array | null
export type SqlRow = Readonly<Record<string, SqlValue>>

export interface Queryable {
  /**
   * Runs one statement and returns its rows. Integers that fit 2^53 come as `number`, larger ones as `bigint`;
   * blobs as `Uint8Array`; booleans are 0 and 1. Whole numbers are bound as integers. Text holds no U+0000.
   * `sql/constraint`, `sql/full`, `sql/corrupt`, `sql/unavailable`.
   */
  query<Row extends SqlRow = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]>
}

/**
 * The write handle exists only inside a transaction, and is dead once its work has settled. After a statement has failed, nothing is left
 * but to undo: the others fail alike until the innermost savepoint, or the transaction, is left by throwing.
 */
export interface Transaction extends Queryable {
  /**
   * Runs `work`; when it throws, everything it did is undone, the transaction goes on, and the error is rethrown.
   * Savepoints nest; two at once side by side are a mistake of the caller.
   */
  savepoint<T>(work: () => Promise<T>): Promise<T>
}

/** Outside a transaction there are only reads, of what is committed. */
export interface Sql extends Queryable {
  /**
   * One at a time, in order of arrival; committed and durable on return; rolled back when `work` throws.
   * Inside, use `tx` alone: a read through `Sql` would see the state before the transaction or wait for its
   * end, and a nested transaction for ever.
   */
  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options?: {
      /**
       * Called with the result before anybody can read what was committed. Must not throw. After a server was lost during a commit it may be
       * called later than the transaction has failed as `sql/unavailable`: once it is known that it is committed after all, and durable.
       */
      readonly onCommitted?: (result: T) => void
    },
  ): Promise<T>
  /**
   * Runs `work` on one state that does not change, the newest committed one; transactions go on meanwhile.
   * For long reads over many awaits. Holds disk space (what was replaced meanwhile cannot be reused) until `work` settles.
   */
  view<T>(work: (view: Queryable) => Promise<T>): Promise<T>
  /** Waits for the transactions that have already been asked for. Later calls are `sql/unavailable`. */
  close(): Promise<void>
}

/** A database that other processes write into as well, at the same time and through this same interface or past it. Every `Sql` is one. */
export interface SharedSql extends Queryable {
  /**
   * Committed and durable on return; rolled back when `work` throws. Several may run at once. When the server is lost during the commit it
   * fails as `sql/unavailable` although it may have happened, so what `work` does must bear being done again.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Waits for the transactions that have already been asked for. Later calls are `sql/unavailable`. */
  close(): Promise<void>
}
