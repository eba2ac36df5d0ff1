/** What a database is, and its tables, as it knows them itself. */
import type { Queryable } from '#sql/sql'

export interface Table {
  readonly name: string
  /** In the order of their creation. */
  readonly columns: readonly string[]
  /** The primary key's columns; none when there is no primary key. */
  readonly key: readonly string[]
}

/**
 * Which of the two it is, told by what both can read and understand differently: text beside a number is a number to PostgreSQL, and to SQLite never
 * less than one. For the few who must make or ask what only one of them has.
 */
export async function dialectOf(queryable: Queryable): Promise<'sqlite' | 'postgresql'> {
  const [row] = await queryable.query<{ is_number: number }>`select '1' < 2 as is_number`
  return row?.is_number === 1 ? 'postgresql' : 'sqlite'
}

/** By name. Those named `derived_…` can be made again from the others, each database has its own, and they are not listed. */
export async function listTables(queryable: Queryable): Promise<readonly Table[]> {
  const tables = await queryable.query<{ name: string }>`
    select name from sqlite_schema where type = 'table' order by name`
  const found: Table[] = []
  for (const { name } of tables) {
    if (name.startsWith('sqlite_') || name.startsWith('derived_')) continue // SQLite's own, and as said
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
