/** The tables of a database, as the database itself knows them. */
import type { Queryable } from '#sql/sql'

export interface Table {
  readonly name: string
  /** In the order of their creation. */
  readonly columns: readonly string[]
  /** The primary key's columns; none when there is no primary key. */
  readonly key: readonly string[]
}

/** By name. */
export async function listTables(queryable: Queryable): Promise<readonly Table[]> {
  const tables = await queryable.query<{ name: string }>`
    select name from sqlite_schema where type = 'table' order by name`
  const found: Table[] = []
  for (const { name } of tables) {
    if (name.startsWith('sqlite_')) continue // SQLite's own
    const columns = await queryable.query<{ name: string; pk: number }>`
      select name, pk from pragma_table_info(${name}) order by cid`
    const key = columns.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk)
    found.push({
      name,
      columns: columns.map((column) => column.name),
      key: key.map((column) => column.name),
    })
  }
  return found
}
