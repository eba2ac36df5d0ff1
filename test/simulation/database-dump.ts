/**
 * The whole database in words, so that two can be compared and their first difference shown: every row of every table, and what each room
 * makes of its own. The rows do not trust the rooms: what a room forgets to dump is missed here.
 */
import { changeOf, decodeRecords } from '#changelog/record'
import { applyChange, roomsByName } from '#changelog/rooms'
import type { Queryable, SqlRow } from '#sql/sql'
import type { SqliteMemory } from '#sql/sqlite-memory'
import { allRooms } from './store-process.ts'

/** One line per change of each room's dump. */
export async function dumpOf(database: SqliteMemory): Promise<readonly string[]> {
  return await database.inspect(dump)
}

/** The same, as it would be after some more changes: records as the change log writes them, those after `after`. */
export async function dumpWith(
  database: SqliteMemory,
  { changes, after }: { readonly changes: readonly Uint8Array[]; readonly after: bigint },
): Promise<readonly string[]> {
  if (changes.length === 0) return await dumpOf(database)
  const sql = database.copy().open()
  const rooms = roomsByName(allRooms)
  await sql.transaction(async (tx) => {
    for (const run of changes)
      for (const record of decodeRecords(run))
        if (record.sequence > after) await applyChange(rooms, tx, changeOf(record))
  })
  return await dump(sql)
}

async function dump(queryable: Queryable): Promise<readonly string[]> {
  const lines: string[] = []
  for (const room of allRooms)
    for await (const { sequence, at, body } of room.dump(queryable))
      lines.push(`${room.room} ${sequence} ${at} ${JSON.stringify(body)}`)
  const rows: string[] = []
  for (const name of await tablesOf(queryable))
    for (const row of await queryable.query(selectAll(name)))
      rows.push(`row of ${name}: ${printRow(row)}`)
  return [...lines, ...rows.sort()]
}

/** The change log's own state, which differs by nature. */
const ownTables: ReadonlySet<string> = new Set(['change_state', 'change_outbox'])

async function tablesOf(queryable: Queryable): Promise<readonly string[]> {
  const rows = await queryable.query<{ name: string }>`
    select name from sqlite_schema where type = 'table' and name not like 'sqlite%'`
  return rows.map(({ name }) => name).filter((name) => !ownTables.has(name))
}

/** Statements whose text is only known now, in the form that templates would have: one for each table, as prepared ones are found by it. */
const selects = new Map<string, TemplateStringsArray>()

function selectAll(table: string): TemplateStringsArray {
  const text = `select * from ${table}`
  const select = selects.get(table) ?? Object.assign([text], { raw: [text] })
  selects.set(table, select)
  return select
}

function printRow(row: SqlRow): string {
  return Object.entries(row)
    .map(([name, value]) => `${name}=${value instanceof Uint8Array ? value.toHex() : value}`)
    .join(' ')
}

/** What one has and the other has not; empty when they are equal. */
export function differences(lost: readonly string[], found: readonly string[]): readonly string[] {
  const known = new Set(found)
  const wanted = new Set(lost)
  const all = [
    ...lost.filter((line) => !known.has(line)).map((line) => `only in the lost one:    ${line}`),
    ...found.filter((line) => !wanted.has(line)).map((line) => `only in the rebuilt one: ${line}`),
  ]
  const isReordered = all.length === 0 && lost.some((line, index) => line !== found[index])
  return isReordered ? ['the same lines in another order'] : all
}
