import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openPostgres } from '#sql/postgres'
import { openSqlite } from '#sql/sqlite'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { findPostgres, startPostgres } from '../postgres/server.ts'
import { sqlContract } from './sql.contract.ts'

const directory = await mkdtemp(join(tmpdir(), 'mycelium-sql-'))
after(() => rm(directory, { recursive: true }))
let files = 0
const newPath = (): string => join(directory, `${++files}.sqlite`)

const hasPostgres = (await findPostgres()) !== undefined
const server = hasPostgres ? await startPostgres() : undefined
after(() => server?.[Symbol.asyncDispose]())
const holder = { place: 'here', program: 'a test' }

sqlContract('sqlite, file', async () => openSqlite({ path: newPath(), telemetry }))
sqlContract('sqlite, memory', async () => openSqlite({ path: ':memory:', telemetry }))
sqlContract(
  'postgresql',
  async () =>
    openPostgres({
      address: (await server?.newDatabase()) ?? '',
      holder,
      world: systemWorld(),
      telemetry,
    }),
  { skip: !hasPostgres && 'no PostgreSQL server to start' },
)
