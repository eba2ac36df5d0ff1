import type { Connection } from '#sql/connection'
import type { Queryable, SqlRow, SqlValue } from '#sql/sql'

/** A connection as something that can only be read. */
export function readsOf(connection: Connection): Queryable {
  return {
    async query<Row extends SqlRow = SqlRow>(
      text: TemplateStringsArray,
      ...values: readonly SqlValue[]
    ): Promise<readonly Row[]> {
      return connection.read(text, values) as Row[] // the caller states what its statement selects
    },
  }
}
