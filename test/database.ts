/** What whole stores of tests stand on: a database in memory, or one on the server that `MYCELIUM_TEST_POSTGRES` names. */
import { randomUUID } from 'node:crypto'
import { openPostgres } from '#sql/postgres'
import type { Sql } from '#sql/sql'
import { SqliteMemory } from '#sql/sqlite-memory'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'
import { newDatabase } from './postgres/server.ts'

const server = process.env['MYCELIUM_TEST_POSTGRES']

/** Empty. On a server it stays there after it was closed. */
export async function openTestDatabase(world: World): Promise<Sql> {
  if (server === undefined) return new SqliteMemory().open()
  const address = await newDatabase(server, `store_${randomUUID().replaceAll('-', '')}`)
  return await openPostgres({
    address,
    holder: { place: 'here', program: 'a test' },
    world,
    telemetry,
  })
}
