/** `mycelium up`: a whole store in one process, with its doors open, until a signal. */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createAdminDoor } from '#api/admin/door'
import { openRateTables, RateLimits } from '#api/rate-limits'
import { AccessLogs } from '#api/s3/access-logs'
import type { AnonymousGuests } from '#api/s3/anonymous'
import { homeRegion } from '#api/s3/door-options'
import type { AuditLog } from '#audit/audit-log'
import { assessTopology, type TopologyReport } from '#cluster/topology'
import { localLane } from '#delivery/target'
import { isFault } from '#fault/fault'
import { type Principal, type PrincipalId, parsePrincipalId } from '#identity/principal'
import { openAudit } from '#main/audit'
import { startBackground } from '#main/background'
import { hidingNames, printBanner } from '#main/banner'
import { certificateOf, listenAs } from '#main/certificate'
import { toolLine } from '#main/command-line'
import { openCredentials, type RootCredentials } from '#main/credentials'
import { type Deliveries, startDeliveries } from '#main/deliveries'
import { createFront } from '#main/front'
import { type Listener, openGateways } from '#main/gateways'
import { openHeroRedisPort } from '#main/hero-redis'
import { urlOf } from '#main/listening.config'
import { isLoopback } from '#main/networks'
import { listen } from '#main/ports'
import { isShared, writePrivately } from '#main/private-file'
import {
  openS3Door,
  openWebsiteDoor,
  plainMount,
  regions,
  s3Domains,
  websiteDomains,
} from '#main/s3-door'
import type { Health } from '#main/status-pages'
import { type OpenedStore, openStore } from '#main/store'
import { httpPortDefault, nodesDefault, s3PortDefault, type UpConfig } from '#main/up.config'
import { version } from '#main/version'
import { sqlFault } from '#sql/faults'
import type { Sql } from '#sql/sql'
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
  const store = stack.use(
    await openStore({
      settings: config,
      program: 'mycelium up',
      nodesDefault,
      world,
      telemetry,
      onLeaseLost: () => death.reject(sqlFault('sql/lease-lost')),
    }),
  )
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
  const parts = {
    config,
    deliveries,
    auditLog,
    world,
    telemetry: heard,
    root,
    stack,
    onDeath: death.reject,
  }
  const doors = await openDoors(store, parts)
  await writePrivately(store.directory.adminEndpoint, urlOf(config.host, doors.front))
  stack.defer(() => rm(store.directory.adminEndpoint, { force: true }))
  for (const text of tellGuests(config)) telemetry.note('warn', text)
  print(await tell({ config, store, credentials, doors, isColoured, env }))
  const stopped = new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
  if (!stop.aborted) await Promise.race([stopped, death.promise])
  print('\nStopping: requests in flight are finished first.\n')
}

/** What it was before there were principals: buckets of older stores, and their clients, know it. */
function rootId({ accessKeyId }: RootCredentials): PrincipalId {
  return parsePrincipalId(createHash('sha256').update(accessKeyId).digest('hex'))
}

interface Doors {
  readonly s3: Listener
  readonly front: Listener
  readonly heroRedis: { readonly port: number } | undefined
}

async function openDoors(
  store: OpenedStore,
  {
    config,
    deliveries: { dispatcher },
    auditLog,
    world,
    telemetry,
    root,
    stack,
    onDeath,
  }: {
    readonly config: UpConfig
    readonly deliveries: Deliveries
    readonly auditLog: AuditLog | undefined
    readonly world: World
    readonly telemetry: OpenedTelemetry
    readonly root: Principal
    readonly stack: AsyncDisposableStack
    readonly onDeath: (error: unknown) => void
  },
): Promise<Doors> {
  const { objects } = store
  const identities = store.accounts
  const domains = [...s3Domains, ...(config.s3Domains ?? [])]
  const rateTables = openRateTables(config, world)
  const rates = new RateLimits(rateTables, { world })
  const parts = { objects, identities, root, domains, rates, world, telemetry }
  const { hostsAreBuckets } = config
  const plain = openS3Door({ ...plainMount, hostsAreBuckets }, parts)
  const guests = { mount: '/s3', guests: guestsOf(config), createsBuckets: true } as const
  const local = openS3Door(guests, parts)
  const { websiteDomain } = config
  const websites = [...websiteDomains, ...(websiteDomain === undefined ? [] : [websiteDomain])]
  const front = createFront({
    version,
    health: () => healthOf(store),
    metrics: async () => ({
      text: await telemetry.metricsText(),
      contentType: telemetry.metricsContentType,
    }),
    admin: createAdminDoor({
      accounts: store.accounts,
      namedKeys: store.namedKeys,
      objects,
      targets: store.targets,
      dispatcher,
      auditLog,
      accessKeys: (id) => store.accounts.findKey(id),
      rates,
      version,
      world,
      telemetry,
    }),
    local: local.handle,
    s3: plain.handle,
    domains,
    websites: openWebsiteDoor({ ...parts, domains: websites }),
    websiteDomains: websites,
    world,
    telemetry,
  })
  const { host } = config
  const wish = { named: config.s3Port, fallback: s3PortDefault, flag: '--s3-port' }
  const { handle: handler, refuse: refusal } = plain
  const certificate = certificateOf(config)
  const closing = new AbortController()
  stack.defer(() => closing.abort())
  const s3Server = stack.use(
    config.gateways === 0
      ? await listenAs(
          certificate,
          { host, world, telemetry, handler, refusal },
          { wish, signal: closing.signal },
        )
      : await openGateways({
          ...{ ...parts, rateTables, hostsAreBuckets, count: config.gateways },
          ...{ host, wish, certificate, onDeath },
        }),
  )
  const frontServer = stack.use(
    await listen(
      { host, world, telemetry, handler: front, refusal: local.refuse },
      { named: config.httpPort, fallback: httpPortDefault, flag: '--http-port' },
    ),
  )
  const heroRedis =
    config.heroRedisPort === undefined
      ? undefined
      : stack.use(
          await openHeroRedisPort({
            ...{ directory: store.directory, host, port: config.heroRedisPort },
            certificate: config.heroRedisTls ? certificate : undefined,
            ...{ rates, world, telemetry, signal: closing.signal },
          }),
        )
  telemetry.observe(async () => {
    const { toleratedNodeLosses, warnings } = topologyOf(store)
    return {
      version,
      nodes: store.cluster.figures(),
      toleratedNodeLosses,
      topologyWarnings: warnings.length,
      repairQueueChunks: store.repairer.length,
      connections: s3Server.exchanges + frontServer.exchanges,
      targets: await backlogs(store),
    }
  })
  return { s3: s3Server, front: frontServer, heroRedis }
}

async function backlogs({ targets }: OpenedStore) {
  const names = (await targets.list()).map(({ name }) => name)
  return await Promise.all(
    [...names, localLane].map(async (name) => ({ name, ...(await targets.backlog(name)) })),
  )
}

function guestsOf({ anonymousNets }: UpConfig): AnonymousGuests {
  return { alsoFrom: anonymousNets?.include ?? (() => false) }
}

function topologyOf({ cluster, profile }: OpenedStore): TopologyReport {
  return assessTopology(cluster.epoch(), profile)
}

async function healthOf(store: OpenedStore): Promise<Health> {
  const { isWritable, nodesUp, nodesDown, toleratedNodeLosses, warnings } = topologyOf(store)
  const isReachable = await canRead(store.sql)
  return {
    isHealthy: isWritable && isReachable,
    warnings: isReachable ? warnings : [...warnings, 'The metadata database does not answer.'],
    facts: { nodesUp, nodesDown, toleratedNodeLosses, repairQueue: store.repairer.length },
  }
}

async function canRead(sql: Sql): Promise<boolean> {
  try {
    await sql.query`select 1 as one`
    return true
  } catch (error) {
    if (!isFault(error)) throw error
    return false
  }
}

function givenKeys({ accessKeyId, secretAccessKey }: UpConfig) {
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secret: secretAccessKey }
}

async function tell({
  config,
  store,
  credentials,
  doors,
  isColoured,
  env,
}: {
  readonly config: UpConfig
  readonly store: OpenedStore
  readonly credentials: Awaited<ReturnType<typeof openCredentials>>
  readonly doors: Doors
  readonly isColoured: boolean
  readonly env: UpOptions['env']
}): Promise<string> {
  const { directory, keys } = store
  const topology = topologyOf(store)
  const busy = (server: Listener, named: number | undefined, wanted: number): readonly string[] =>
    named === undefined && server.port !== wanted
      ? [`Port ${wanted} is in use; ${server.port} was taken instead.`]
      : []
  const warnings = [
    ...busy(doors.s3, config.s3Port, s3PortDefault),
    ...busy(doors.front, config.httpPort, httpPortDefault),
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
    s3Url: urlOf(config.host, doors.s3, certificateOf(config) && 'https'),
    httpUrl: urlOf(config.host, doors.front),
    heroRedis: doors.heroRedis && urlOf(config.host, doors.heroRedis, heroRedisScheme(config)),
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
