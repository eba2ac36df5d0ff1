/**
 * Open, query, transact. Two dialects behind one interface (SQLite here, PostgreSQL later); knows no product's tables.
 * Statements are tagged templates: text is static, every `${value}` is a bound parameter, so nothing can be injected.
 */

export type SqlValue = string | number | bigint | Uint8Array | null
export type SqlRow = Readonly<Record<string, SqlValue>>

export interface Queryable {
  /**
   * Runs one statement and returns its rows. Integers that fit 2^53 come as `number`, larger ones as `bigint`;
   * blobs as `Uint8Array`; booleans are 0 and 1.
   */
  query<Row extends SqlRow = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]>
}

/** The write handle exists only inside a transaction. */
export interface Transaction extends Queryable {
  /** Runs `work`; when it throws, everything it did is undone, the transaction goes on, and the error is rethrown. */
  savepoint<T>(work: () => Promise<T>): Promise<T>
}

export interface Sql extends Queryable {
  /** One at a time, in order of arrival; committed and durable on return; rolled back when `work` throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}
