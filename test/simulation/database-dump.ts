/** The whole database in words, so that two can be compared and their first difference shown. */
import { changeOf, decodeRecords } from '#changelog/record'
import { applyChange, roomsByName } from '#changelog/rooms'
import type { Queryable } from '#sql/sql'
import type { SqliteMemory } from '#sql/sqlite-memory'
import { allRooms } from './store-process.ts'

/** One line per change of each room's dump. The database must not be open. */
export async function dumpOf(database: SqliteMemory): Promise<readonly string[]> {
  const sql = database.copy().open()
  return await dump(sql)
}

/** The same, as it would be after some more changes: records as the change log writes them, those after `after`. */
export async function dumpWith(
  database: SqliteMemory,
  { changes, after }: { readonly changes: readonly Uint8Array[]; readonly after: bigint },
): Promise<readonly string[]> {
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
  return lines
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
