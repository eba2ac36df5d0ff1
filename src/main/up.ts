/** `mycelium up`: a whole store in one process, with its doors open, until a signal. */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { AccessLogs } from '#api/s3/access-logs'
import { homeRegion } from '#api/s3/door-options'
import { toHex } from '#bytes/text'
import { isFault } from '#fault/fault'
import type { Holder } from '#forward/holder'
import type { HttpHandler } from '#http/message'
import { type PrincipalId, parsePrincipalId } from '#identity/principal'
import { openAudit } from '#main/audit'
import { startBackground } from '#main/background'
import { hidingNames, printBanner, printStandBy } from '#main/banner'
import { certificateOf } from '#main/certificate'
import { toolLine } from '#main/command-line'
import { openCredentials, type RootCredentials } from '#main/credentials'
import { dataDirectory } from '#main/data-directory'
import { startDeliveries } from '#main/deliveries'
import { openDoors, openPorts, type Ports, topologyOf } from '#main/doors'
import type { OpenStoreOptions } from '#main/ground'
import { loadLater, storeModules } from '#main/late-modules'
import { accountSettingsOf } from '#main/library-settings'
import { urlOf } from '#main/listening.config'
import { isLoopback } from '#main/networks'
import type { Listener } from '#main/ports'
import { isShared, writePrivately } from '#main/private-file'
import { regions } from '#main/s3-mounts'
import { type OpenedStore, openStore } from '#main/store'
import { openStoreLibraries } from '#main/store-libraries'
import { httpPortDefault, nodesDefault, s3PortDefault, type UpConfig } from '#main/up.config'
import { version } from '#main/version'
import { sqlFault } from '#sql/faults'
import { introduceHolder } from '#sql/lease'
import { type OpenedTelemetry, openTelemetry } from '#telemetry/open-telemetry'
import type { World } from '#world/world'

export interface UpOptions {
  readonly config: UpConfig
  readonly world: World
  /** Where the banner goes. */
  readonly print: (text: string) => void
  readonly isColoured: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted when the store shall stop. */
  readonly stop: AbortSignal
}

/** Resolves when everything is closed in order. What can be wrong at start is a fault that `explain` puts into a sentence. */
export async function up({
  config,
  world,
  print,
  isColoured,
  env,
  stop,
}: UpOptions): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const telemetry = openTelemetry({ level: config.logLevel, metrics: true, world })
  stack.defer(() => telemetry.close())
  const death = Promise.withResolvers<never>()
  death.promise.catch(() => {}) // raced below
  const ending = new AbortController()
  const end = (): void => ending.abort()
  const die = (error: unknown): void => {
    death.reject(error)
    end()
  }
  if (stop.aborted) end()
  stop.addEventListener('abort', end, { once: true })
  await using doors = new AsyncDisposableStack() // closes before the store, whichever was opened first
  const accountSettings = await accountSettingsOf(config)
  const open = (more: Partial<OpenStoreOptions>): Promise<OpenedStore> =>
    openStore({
      settings: config,
      program: 'mycelium up',
      ...{ nodesDefault, accountSettings, world, telemetry },
      onLeaseLost: () => die(sqlFault('sql/lease-lost')),
      ...more,
    })
  const listen = (front: HttpHandler): Promise<Ports> =>
    openPorts(doors, { config, front, world, telemetry, onDeath: die })
  const { databaseUrl } = config
  const opened =
    databaseUrl === undefined || !config.standsBy
      ? { store: await open({}), ports: undefined }
      : await (await import('#main/stand-by')).standBy({
          config,
          databaseUrl,
          open,
          openPorts: listen,
          onStandingBy: (ports, holder) =>
            print(tellStandBy({ config, ports, holder, isColoured })),
          world,
          telemetry,
          signal: ending.signal,
        })
  if (opened === undefined) {
    if (!stop.aborted) await death.promise
    print('\nStopping: requests in flight are finished first.\n')
    return
  }
  const store = stack.use(opened.store)
  const credentials = await openCredentials(store.directory.credentials, {
    given: givenKeys(config),
    world,
  })
  stack.use(startBackground(store, { settings: config, world, telemetry }))
  const root = await store.accounts.ensureRoot(credentials, rootId(credentials))
  const { giveUpMs } = config
  const deliveries = stack.use(
    startDeliveries(store, { giveUpMs, root: root.id, world, telemetry }),
  )
  const audit = stack.use(await openAudit(store.directory, { config, print, world, telemetry }))
  const accessLogs = stack.use(
    new AccessLogs({
      objects: store.objects,
      root,
      region: homeRegion({ regions }),
      everyMs: config.accessLogMs,
      world,
      telemetry,
    }),
  )
  const heard: OpenedTelemetry = {
    ...telemetry,
    bucketAccessed: (event) => accessLogs.take(event),
    requestEnded(event) {
      telemetry.requestEnded(event)
      audit.take(event)
    },
  }
  const auditLog = audit.log
  const libraries = stack.use(
    await openStoreLibraries(store, { config, auditLog, world, telemetry: heard }),
  )
  const ports = opened.ports ?? (await listen(notYet))
  const pass = databaseUrl === undefined ? undefined : toHex(world.randomBytes(passBytes))
  const parts = { config, ports, deliveries, libraries, auditLog, pass, root }
  const common = { ...parts, world, telemetry: heard }
  const rates = openDoors(store, common)
  const heroRedis =
    config.heroRedisPort === undefined
      ? undefined
      : doors.use(
          await (await import('#main/hero-redis')).openHeroRedisPort({
            ...{ directory: store.directory, host: config.host, port: config.heroRedisPort },
            certificate: config.heroRedisTls ? certificateOf(config) : undefined,
            ...{ rates, world, telemetry: heard, signal: ending.signal },
          }),
        )
  if (pass !== undefined) await introduce(store, { config, ports, pass })
  await writePrivately(store.directory.adminEndpoint, urlOf(config.host, ports.front))
  stack.defer(() => rm(store.directory.adminEndpoint, { force: true }))
  for (const text of tellGuests(config)) telemetry.note('warn', text)
  print(await tell({ config, store, credentials, ports, heroRedis, isColoured, env }))
  stack.defer(loadLater(storeModules, { world, telemetry }))
  if (!ending.signal.aborted)
    await new Promise((resolve) => ending.signal.addEventListener('abort', resolve, { once: true }))
  if (!stop.aborted) await death.promise
  print('\nStopping: requests in flight are finished first.\n')
  if (pass !== undefined) await takeLeave(store)
}

const passBytes = 32

/** Nobody hears it: what answers is there before a request can be. */
const notYet: HttpHandler = async () => ({ status: 503, headers: {} })

/** Other processes on the database learn how to reach this one. */
async function introduce(
  { sql }: OpenedStore,
  {
    config,
    ports,
    pass,
  }: { readonly config: UpConfig; readonly ports: Ports; readonly pass: string },
): Promise<void> {
  const address = config.advertise ?? s3UrlOf(config, ports)
  await sql.transaction((tx) => introduceHolder(tx, { address, pass }))
}

/** They send nothing more from then on, and wait for the next one. */
async function takeLeave({ sql }: OpenedStore): Promise<void> {
  try {
    await sql.transaction((tx) => introduceHolder(tx, { address: '', pass: '' }))
  } catch (error) {
    if (!isFault(error)) throw error // while the database is away they find out by themselves
  }
}

/** What it was before there were principals: buckets of older stores, and their clients, know it. */
function rootId({ accessKeyId }: RootCredentials): PrincipalId {
  return parsePrincipalId(createHash('sha256').update(accessKeyId).digest('hex'))
}

function givenKeys({ accessKeyId, secretAccessKey }: UpConfig) {
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secret: secretAccessKey }
}

async function tell({
  config,
  store,
  credentials,
  ports,
  heroRedis,
  isColoured,
  env,
}: {
  readonly config: UpConfig
  readonly store: OpenedStore
  readonly credentials: Awaited<ReturnType<typeof openCredentials>>
  readonly ports: Ports
  readonly heroRedis: Pick<Listener, 'port'> | undefined
  readonly isColoured: boolean
  readonly env: UpOptions['env']
}): Promise<string> {
  const { directory, keys } = store
  const topology = topologyOf(store)
  const warnings = [
    ...tellPorts(config, ports),
    ...(config.nodes !== undefined && config.nodes < topology.nodesUp + topology.nodesDown
      ? ['A store keeps its nodes: fewer were asked for than it has.']
      : []),
    ...topology.warnings,
    ...(credentials.ignoredKeyId === undefined
      ? []
      : [
          `AWS_ACCESS_KEY_ID names ${credentials.ignoredKeyId}; this store was made with another key, which stays.`,
        ]),
    ...((await isShared(directory.masterKey))
      ? [`Others may read ${directory.masterKey}: chmod 600 it.`]
      : []),
    ...tellGuests(config),
    ...tellClearText(config),
  ]
  return printBanner({
    version,
    s3Url: s3UrlOf(config, ports),
    httpUrl: urlOf(config.host, ports.front),
    heroRedis: heroRedis && urlOf(config.host, heroRedis, heroRedisScheme(config)),
    accessKeyId: credentials.accessKeyId,
    credentialsPath: directory.credentials,
    masterKeyOrigin: keys.master.origin,
    dataPath: directory.root,
    nodesUp: topology.nodesUp,
    nodes: topology.nodesUp + topology.nodesDown,
    profile: store.profile,
    toleratedNodeLosses: topology.toleratedNodeLosses,
    hidingEnv: hidingNames.filter((name) => env[name] !== undefined),
    warnings,
    isColoured,
    toolLine: (args) => toolLine(args, env),
  })
}

function tellStandBy({
  config,
  ports,
  holder,
  isColoured,
}: {
  readonly config: UpConfig
  readonly ports: Ports
  readonly holder: Holder | undefined
  readonly isColoured: boolean
}): string {
  return printStandBy({
    version,
    s3Url: s3UrlOf(config, ports),
    httpUrl: urlOf(config.host, ports.front),
    holder: holder?.address,
    dataPath: dataDirectory(config.data).root,
    warnings: [...tellPorts(config, ports), ...tellClearText(config)],
    isColoured,
  })
}

function tellPorts(config: UpConfig, ports: Ports): readonly string[] {
  const busy = (server: Listener, named: number | undefined, wanted: number): readonly string[] =>
    named === undefined && server.port !== wanted
      ? [`Port ${wanted} is in use; ${server.port} was taken instead.`]
      : []
  return [
    ...busy(ports.s3, config.s3Port, s3PortDefault),
    ...busy(ports.front, config.httpPort, httpPortDefault),
  ]
}

function tellGuests({ anonymousNets }: UpConfig): readonly string[] {
  if (anonymousNets === undefined) return []
  const nets = anonymousNets.names.join(', ')
  return [
    `Whoever is in ${nets} may read, change and delete everything through the local mount, without a key (MYCELIUM_ANONYMOUS_NETS).`,
  ]
}

function tellClearText(config: UpConfig): readonly string[] {
  if (isLoopback(config.host)) return []
  if (certificateOf(config) === undefined) {
    return ['Requests travel in clear text, beyond this machine too.']
  }
  const isHeroRedisClear = config.heroRedisPort !== undefined && !config.heroRedisTls
  return [
    'Requests to the HTTP port travel in clear text, beyond this machine too; the S3 port has TLS.',
    ...(isHeroRedisClear
      ? ['Logins at the Hero Redis port travel in clear text, beyond this machine too.']
      : []),
  ]
}

function heroRedisScheme({ heroRedisTls }: UpConfig): 'redis' | 'rediss' {
  return heroRedisTls ? 'rediss' : 'redis'
}

function s3UrlOf(config: UpConfig, { s3 }: Ports): string {
  return urlOf(config.host, s3, certificateOf(config) && 'https')
}
