/** `mycelium migrate-metadata`: the metadata of a store that is not up, from one database into another. The first one stays as it is. */
import { type CopyProgress, copyDatabase } from '#changelog/copy-database'
import { openDataDirectory } from '#main/data-directory'
import { nameDatabase, openDatabase } from '#main/database'
import { mainFault } from '#main/faults'
import { openFreshDatabase } from '#main/fresh-database'
import type { MigrateConfig } from '#main/migrate-metadata.config'
import type { ProgramOptions } from '#main/offline'
import { rooms } from '#main/rooms'
import { listTables } from '#sql/catalog'
import type { Sql } from '#sql/sql'
import { openTelemetry } from '#telemetry/open-telemetry'

const program = 'mycelium migrate-metadata'

/**
 * The copy takes its place once it is whole and was read back. `main/database-filled`, faults of `copyDatabase` and of
 * opening.
 */
export async function migrateMetadata({
  config,
  world,
  print,
  progress,
}: ProgramOptions<MigrateConfig>): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const telemetry = openTelemetry({ level: config.logLevel, metrics: false, world })
  const directory = stack.use(
    await openDataDirectory(config.data, { program, world, mustExist: true }),
  )
  const optionsOf = (place: string) => ({
    settings: { ...config, databaseUrl: place === 'file' ? undefined : place },
    program,
    world,
    telemetry,
  })
  const source = optionsOf(config.from)
  const target = optionsOf(config.to)
  const names = {
    from: nameDatabase(directory, source.settings),
    to: nameDatabase(directory, target.settings),
  }
  const from = await openDatabase(directory, source)
  stack.defer(() => from.close())
  const to = await openDatabase(directory, target)
  const isFree = await isEmpty(to)
  await to.close()
  if (!isFree) throw mainFault('main/database-filled', { database: names.to })
  const fresh = stack.use(await openFreshDatabase(directory, target))
  const onProgress = (made: CopyProgress): void => progress(tell(made))
  const { tables, rows } = await copyDatabase({ from, to: fresh.sql, rooms, onProgress })
  await fresh.adopt()
  print(
    `Copied ${rows} rows of ${tables} tables from ${names.from} to ${names.to}, and compared them.\n` +
      `${config.to === 'file' ? 'Start the store without DATABASE_URL' : 'Start the store with that address as DATABASE_URL'}. ` +
      'The former database is no longer needed.\n',
  )
}

async function isEmpty(sql: Sql): Promise<boolean> {
  return (await listTables(sql)).length === 0
}

function tell({ step, table, rows }: CopyProgress): string {
  return `${step === 'copying' ? 'Copying' : 'Comparing'} ${table}: ${rows} rows`
}
