/** A database is made anew beside the old one, in a schema of its own, and takes its place in one transaction. */
import type { Queryable, Sql } from '#sql/sql'
import { quoted, templateOf } from '#sql/template'

/** Where it is made. */
export const freshSchema = 'mycelium_fresh'
/** Where the former one stays until there is another. */
const formerSchema = 'mycelium_former'

/** What an attempt may have left that did not come to its end. */
export async function dropFreshSchema(sql: Sql): Promise<void> {
  await sql.transaction((tx) =>
    tx.query(templateOf([`drop schema if exists ${freshSchema} cascade`])),
  )
}

/**
 * The tables of the fresh schema take the place of those that `sql` uses. Nobody else has it open. Without statistics the server would sort
 * a whole bucket for each page of a listing, until it finds the time to gather them.
 */
export async function adoptFreshSchema(sql: Sql): Promise<void> {
  await sql.transaction(async (tx) => {
    const run = (text: string): Promise<unknown> => tx.query(templateOf([text]))
    const [row] = await tx.query<{ home: string }>`select current_schema()::text as home`
    const home = row?.home ?? ''
    const made = await tablesOf(tx, freshSchema)
    const known = await tablesOf(tx, home) // others that lie there are not ours
    await run(`drop schema if exists ${formerSchema} cascade`)
    await run(`create schema ${formerSchema}`)
    for (const name of made) {
      if (known.includes(name))
        await run(`alter table ${quoted(home)}.${quoted(name)} set schema ${formerSchema}`)
      await run(`alter table ${freshSchema}.${quoted(name)} set schema ${quoted(home)}`)
      await run(`analyze ${quoted(home)}.${quoted(name)}`)
    }
    await run(`drop schema ${freshSchema} cascade`)
  })
}

/** Without the lease, which belongs to its place. */
async function tablesOf(tx: Queryable, schema: string): Promise<readonly string[]> {
  const rows = await tx.query<{ name: string }>`
    select relname::text as name from pg_class
    where relnamespace = ${schema}::regnamespace and relkind = 'r' and relname <> 'store_lease'`
  return rows.map(({ name }) => name)
}
