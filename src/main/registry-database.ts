/** Where manifests are: on a PostgreSQL server that is shared, or in a file of ours. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { RegistryDatabase } from '#content/registry-tables'
import { makeDirectories } from '#disk/make-directories'
import { isFault } from '#fault/fault'
import { reasonOf } from '#main/data-directory'
import { ofServer } from '#main/database'
import { mainFault } from '#main/faults'
import { takeLock } from '#main/lock'
import { databaseNameDefault, type RegistryConfig } from '#main/registry.config'
import { namePostgres, parsePostgresAddress } from '#sql/postgres-address'
import { openSharedPostgres } from '#sql/postgres-shared'
import { openSqlite } from '#sql/sqlite'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface OpenedRegistryDatabase extends RegistryDatabase, AsyncDisposable {
  /** For people, without a password. */
  readonly name: string
}

const privateMode = 0o700

/** `main/database-away`, `main/data-in-use`, `main/data-unusable`, `main/file-unusable`, faults of `sql`. */
export async function openRegistryDatabase(
  config: RegistryConfig,
  { world, telemetry }: { readonly world: World; readonly telemetry: Telemetry },
): Promise<OpenedRegistryDatabase> {
  const address = await addressOf(config)
  return address === undefined
    ? await openFile(config, { world, telemetry })
    : await openServer(address, config)
}

async function openServer(
  address: string,
  { databaseConnections: connectionsMax }: RegistryConfig,
): Promise<OpenedRegistryDatabase> {
  try {
    const sql = await openSharedPostgres({ address, connectionsMax })
    return {
      kind: 'postgresql',
      sql,
      name: `the database at ${namePostgres(parsePostgresAddress(address))}`,
      [Symbol.asyncDispose]: () => sql.close(),
    }
  } catch (error) {
    throw isFault(error) ? ofServer(error, address) : error
  }
}

async function openFile(
  { data }: RegistryConfig,
  { world, telemetry }: { readonly world: World; readonly telemetry: Telemetry },
): Promise<OpenedRegistryDatabase> {
  const root = resolve(data)
  try {
    await makeDirectories(root, privateMode)
  } catch (cause) {
    throw mainFault('main/data-unusable', { path: root, reason: reasonOf(cause) }, cause)
  }
  const holder = { program: 'mycelium registry', pid: process.pid, since: world.now() }
  const lock = takeLock(join(root, 'registry.lock'), holder)
  const path = join(root, 'registry.sqlite')
  const sql = openSqlite({ path, telemetry })
  return {
    kind: 'sqlite',
    sql,
    name: path,
    async [Symbol.asyncDispose]() {
      await sql.close()
      lock.release()
    },
  }
}

/** `undefined` where no server is named. */
async function addressOf(config: RegistryConfig): Promise<string | undefined> {
  const { databaseUrl, dbUser, dbPassword, dbPasswordFile, dbName, dbHost, dbPort } = config
  if (databaseUrl !== undefined || dbUser === undefined) return databaseUrl
  const password = dbPasswordFile === undefined ? dbPassword : await readSecret(dbPasswordFile)
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  const where = new URLSearchParams({
    host: dbHost ?? 'localhost',
    ...(config.dbTls === undefined ? {} : { sslmode: config.dbTls }),
    ...(config.dbTlsRoot === undefined ? {} : { sslrootcert: config.dbTlsRoot }),
  })
  const name = encodeURIComponent(dbName ?? databaseNameDefault)
  return `postgres://${encodeURIComponent(dbUser)}${secret}@localhost:${dbPort ?? 5432}/${name}?${where}`
}

/** The line end that editors put behind it is not part of it. */
async function readSecret(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
  } catch (cause) {
    const flag = '--db-password-file'
    throw mainFault('main/file-unusable', { path, reason: reasonOf(cause), flag }, cause)
  }
}
