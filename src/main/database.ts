/** The metadata database: a file of the data directory, or on a PostgreSQL server when its address is given. */
import { hostname } from 'node:os'
import { type Fault, isFault } from '#fault/fault'
import type { DataDirectory } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { leaseMs } from '#sql/lease'
import { namePostgres, parsePostgresAddress } from '#sql/postgres-address'
import type { Sql } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface DatabaseSettings {
  /** Undefined: `metadata.sqlite` of the data directory. */
  readonly databaseUrl: string | undefined
  /** Of a server that follows that one. */
  readonly databaseReplicaUrl?: string | undefined
  readonly databaseConnections: number
}

export interface OpenDatabaseOptions {
  readonly settings: DatabaseSettings
  /** What others are told who find the database in use. */
  readonly program: string
  /** As in `PostgresOptions`. */
  readonly schema?: string
  /** Another process has taken the database over: this one must end. */
  readonly onLeaseLost?: () => void
  /** False: a lease that another process holds is not waited for. */
  readonly isPatient?: boolean
  readonly world: World
  readonly telemetry: Telemetry
}

const askAgainMs = 1_000

/** Who serves from the same place is the same to the lease: it need not run out between one and the next. */
export function placeOf({ root }: Pick<DataDirectory, 'root'>): string {
  return `${hostname()}:${root}`
}

/**
 * On a server it waits until a holder of the lease that does not renew it has lost it. `main/database-in-use`, `main/database-away`, faults
 * of `sql`.
 */
export async function openDatabase(
  directory: DataDirectory,
  options: OpenDatabaseOptions,
): Promise<Sql> {
  const { settings, program, schema, isPatient = true, world, telemetry } = options
  const { databaseUrl: address, databaseConnections: connectionsMax } = settings
  const { databaseReplicaUrl: replicaAddress } = settings
  if (address === undefined) return openSqlite({ path: directory.database, telemetry })
  const { openPostgres } = await import('#sql/postgres')
  const holder = {
    place: placeOf(directory),
    program: `${program} on ${hostname()}, process ${process.pid}, data in ${directory.root}`,
  }
  const startedAt = world.monotonic()
  for (;;) {
    try {
      return await openPostgres({
        ...options,
        address,
        connectionsMax,
        holder,
        ...(replicaAddress === undefined || schema !== undefined ? {} : { replicaAddress }),
      })
    } catch (error) {
      if (!isFault(error)) throw error
      const waits = isPatient && world.monotonic() - startedAt < leaseMs + askAgainMs
      if (error.code !== 'sql/lease-held' || !waits) throw ofServer(error, address)
      telemetry.note('info', 'The database is in use; waiting whether it stays so', error.detail)
    }
    await world.sleep(askAgainMs)
  }
}

/** For people. */
export function nameDatabase(
  { database }: DataDirectory,
  { databaseUrl }: Pick<DatabaseSettings, 'databaseUrl'>,
): string {
  return databaseUrl === undefined
    ? database
    : `the database at ${namePostgres(parsePostgresAddress(databaseUrl))}`
}

/** A fault of `sql`, with the server's name and without the password. */
export function ofServer(fault: Fault, address: string): Fault {
  const server = namePostgres(parsePostgresAddress(address))
  const { holder, reason } = fault.detail
  if (fault.code === 'sql/lease-held')
    return mainFault('main/database-in-use', { server, holder: String(holder) }, fault)
  if (fault.code !== 'sql/unavailable') return fault
  return mainFault('main/database-away', { server, reason: String(reason) }, fault)
}
