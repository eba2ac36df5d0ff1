/** What `mycelium libraries` stands on: a store of its own in the data directory, or a database and a place for archives that several of it may share. */
import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { openSharedChangeLog } from '#changelog/open-shared-change-log'
import { beginSharedLog, readSharedKeyring } from '#changelog/shared-state'
import { makeDirectories } from '#disk/make-directories'
import { openRealDisk } from '#disk/real'
import { isFault } from '#fault/fault'
import { Accounts } from '#identity/accounts'
import type { Attempts } from '#identity/attempts'
import type { AccountSettings } from '#identity/settings'
import { createKeyring } from '#keyring/change-keyring'
import type { Keyring } from '#keyring/keyring'
import type { ArchiveStore } from '#library/archive-store'
import { directoryArchives } from '#library/directory-archives'
import { openObjectArchives } from '#library/object-archives'
import { s3Archives } from '#library/s3-archives'
import { startBackground } from '#main/background'
import { reasonOf } from '#main/data-directory'
import { ofServer } from '#main/database'
import { mainFault } from '#main/faults'
import { keyringOf } from '#main/keys'
import type { ArchivesPlace, DatabasePlace, LibrariesConfig } from '#main/libraries.config'
import type { LibraryGround } from '#main/library-service'
import { takeLock } from '#main/lock'
import { openMasterKey } from '#main/master-key'
import { sharedRooms } from '#main/rooms'
import { libraryBucket } from '#main/serve-libraries'
import { openStore } from '#main/store'
import { nodesDefault } from '#main/up.config'
import { parseBucketName } from '#object/names'
import { openEndpoint, type Patience } from '#s3/endpoint'
import { namePostgres, parsePostgresAddress } from '#sql/postgres-address'
import { openSharedPostgres } from '#sql/postgres-shared'
import type { SharedSql } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface LibrariesGround extends LibraryGround {
  /** For people. */
  readonly database: string
  /** Other processes may change what is there. */
  readonly isShared: boolean
}

export interface GroundOptions {
  readonly config: LibrariesConfig
  readonly accountSettings: AccountSettings
  /** Where servers on one database count attempts to sign in together; each for itself otherwise. */
  readonly attempts: Attempts | undefined
  readonly world: World
  readonly telemetry: Telemetry
  /** What is opened belongs to it. */
  readonly stack: AsyncDisposableStack
}

const privateMode = 0o700
const program = 'mycelium libraries'

/** The faults of opening are sentences in `explain.ts`. */
export async function openLibrariesGround(options: GroundOptions): Promise<LibrariesGround> {
  const { database } = options.config
  return database === undefined ? await inStore(options) : await inDatabase(database, options)
}

async function inStore(options: GroundOptions): Promise<LibrariesGround> {
  const { config, accountSettings, world, telemetry, stack } = options
  const store = stack.use(
    await openStore({
      settings: {
        ...config,
        databaseUrl: undefined,
        databaseConnections: availableParallelism(), // of a server, which is not there
      },
      ...{ accountSettings, program, nodesDefault, world, telemetry },
    }),
  )
  stack.use(startBackground(store, { settings: config, world, telemetry }))
  const { sql, changelog, keys, accounts, objects, directory } = store
  const archives =
    config.archives === undefined
      ? await openObjectArchives({ objects, bucket: parseBucketName(libraryBucket), world })
      : await openArchives(config.archives, options)
  return {
    ...{ sql, changelog, keyring: keys.keyring, accounts, archives },
    database: directory.database,
    isShared: false,
  }
}

async function inDatabase(place: DatabasePlace, options: GroundOptions): Promise<LibrariesGround> {
  const { config, accountSettings, attempts, world, stack } = options
  const { sql, name } = await openDatabase(place, options)
  const keyring = await openKeyring(sql, options)
  const changelog = await openSharedChangeLog({ sql, rooms: sharedRooms, world })
  stack.defer(() => changelog.close())
  const data = resolve(config.data)
  const directory = { kind: 'directory', path: join(data, 'archives') } as const
  return {
    ...{ sql, changelog, keyring },
    accounts: new Accounts({ sql, changelog, keyring, attempts, world }, accountSettings),
    archives: await openArchives(config.archives ?? directory, options),
    database: name,
    isShared: place.kind === 'postgresql',
  }
}

async function openDatabase(
  place: DatabasePlace,
  { config, world, telemetry, stack }: GroundOptions,
): Promise<{ readonly sql: SharedSql; readonly name: string }> {
  if (place.kind === 'postgresql') {
    const { address } = place
    try {
      const connectionsMax = config.databaseConnections
      const sql = await openSharedPostgres({ address, connectionsMax })
      stack.defer(() => sql.close())
      return { sql, name: `the database at ${namePostgres(parsePostgresAddress(address))}` }
    } catch (error) {
      throw isFault(error) ? ofServer(error, address) : error
    }
  }
  const path = resolve(place.path)
  await makePrivately(dirname(path))
  stack.use(takeLock(`${path}.lock`, { program, pid: process.pid, since: world.now() }))
  const sql = openSqlite({ path, telemetry })
  stack.defer(() => sql.close())
  return { sql, name: path }
}

/** Servers on one database share its keyring; each must be given the master key. */
async function openKeyring(sql: SharedSql, { config, world }: GroundOptions): Promise<Keyring> {
  const path = join(resolve(config.data), 'keys', 'master.key')
  if (config.masterKey === undefined && config.masterKeyFile === undefined)
    await makePrivately(dirname(path))
  const former = await readSharedKeyring(sql)
  const first = await openMasterKey(path, { settings: config, keyring: former, world })
  const made = former ?? createKeyring({ master: first.key, passphrase: first.passphrase, world })
  const bytes = await beginSharedLog(sql, made)
  const isOurs = Buffer.compare(bytes, made) === 0
  const master = isOurs
    ? first
    : await openMasterKey(path, { settings: config, keyring: bytes, world })
  return keyringOf(bytes, master)
}

/** People wait for what the bucket answers: when it hangs, a download is given up within a minute. */
const bucketPatience: Patience = { idleMs: 12_000, attempts: 2 }

async function openArchives(
  place: ArchivesPlace,
  { config, world, stack }: GroundOptions,
): Promise<ArchiveStore> {
  if (place.kind === 'directory') {
    const path = resolve(place.path)
    await makePrivately(path)
    return directoryArchives({ disk: openRealDisk(path), name: path, world })
  }
  const { s3Endpoint, s3Region: region, s3AccessKeyId, s3SecretAccessKey } = config
  const endpoint = stack.use(
    openEndpoint({
      url: s3Endpoint ?? `https://s3.${region}.amazonaws.com`,
      region,
      credentials:
        s3AccessKeyId === undefined || s3SecretAccessKey === undefined
          ? undefined
          : { accessKeyId: s3AccessKeyId, secretAccessKey: s3SecretAccessKey },
      patience: bucketPatience,
      world,
    }),
  )
  const spool = join(resolve(config.data), 'incoming')
  await makePrivately(spool)
  const { bucket, prefix } = place
  return s3Archives({ endpoint, bucket, prefix, spoolDisk: openRealDisk(spool), world })
}

async function makePrivately(path: string): Promise<void> {
  try {
    await makeDirectories(path, privateMode)
  } catch (cause) {
    throw mainFault('main/data-unusable', { path, reason: reasonOf(cause) }, cause)
  }
}
