/** What whole stores of tests stand on: a database in memory, or one on the server that `MYCELIUM_TEST_POSTGRES` names. */
import { randomUUID } from 'node:crypto'
import type { ChangeRoom } from '#changelog/change'
import { migrate, roomsByName } from '#changelog/rooms'
import { sha256HexOf } from '#crypto/digest'
import { openPostgres } from '#sql/postgres'
import type { Sql } from '#sql/sql'
import { SqliteMemory } from '#sql/sqlite-memory'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'
import { ask, newDatabase } from './postgres/server.ts'

const server = process.env['MYCELIUM_TEST_POSTGRES']

/** Empty but for the tables of `rooms`, perhaps. On a server it stays there after it was closed. */
export async function openTestDatabase(world: World, rooms: readonly ChangeRoom[]): Promise<Sql> {
  if (server === undefined) return new SqliteMemory().open()
  const template = await templateOn(server, { world, rooms })
  const name = `store_${randomUUID().replaceAll('-', '')}`
  return await open(await newDatabase(server, name, { template }), world)
}

/** Several hundred databases with the same hundred tables: they are made once for each server and set of rooms, and copied. */
function templateOn(
  server: string,
  tables: { readonly world: World; readonly rooms: readonly ChangeRoom[] },
): Promise<string> {
  const names = tables.rooms.map(({ room }) => room).sort()
  const name = `tables_${sha256HexOf(Buffer.from(names.join())).slice(0, 16)}`
  const template = templates.get(name) ?? makeTemplate(server, name, tables)
  templates.set(name, template)
  return template
}

/** By name: whoever asks while one is being made waits for it. Another process's comes whole or not at all, since one file runs at a time. */
const templates = new Map<string, Promise<string>>()

async function makeTemplate(
  server: string,
  name: string,
  { world, rooms }: { readonly world: World; readonly rooms: readonly ChangeRoom[] },
): Promise<string> {
  const known = await ask(server, `select 1 from pg_database where datname = '${name}'`)
  if (known.length > 0) return name
  const sql = await open(await newDatabase(server, name), world)
  await sql.transaction((tx) => migrate(tx, roomsByName(rooms)))
  await sql.close()
  return name
}

async function open(address: string, world: World): Promise<Sql> {
  const holder = { place: 'here', program: 'a test' }
  return await openPostgres({ address, holder, world, telemetry })
}
