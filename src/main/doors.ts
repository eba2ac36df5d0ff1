/** The two listeners of `mycelium up`, and what answers there once this process has the store. */
import { openRateTables, RateLimits } from '#api/rate-limits'
import type { AnonymousGuests } from '#api/s3/anonymous'
import { refuseBytes } from '#api/s3/error-response'
import type { AuditLog } from '#audit/audit-log'
import { assessTopology, type TopologyReport } from '#cluster/topology'
import { localLane } from '#delivery/target'
import { isFault } from '#fault/fault'
import type { HttpHandler } from '#http/message'
import type { Principal } from '#identity/principal'
import { certificateOf } from '#main/certificate'
import type { Deliveries } from '#main/deliveries'
import { createFront } from '#main/front'
import type { S3Port } from '#main/gateways'
import { lateDoor } from '#main/late-door'
import type { LibraryService } from '#main/library-service'
import { type Listener, listen } from '#main/ports'
import { type Mount, plainMount, s3Domains, websiteDomains } from '#main/s3-mounts'
import { openS3Port } from '#main/s3-port'
import type { Health } from '#main/status-pages'
import type { OpenedStore } from '#main/store'
import { httpPortDefault, s3PortDefault, type UpConfig } from '#main/up.config'
import { version } from '#main/version'
import type { Sql } from '#sql/sql'
import type { OpenedTelemetry } from '#telemetry/open-telemetry'
import type { World } from '#world/world'

export interface Ports {
  readonly s3: S3Port
  readonly front: Listener
  /** Requests to the HTTP port are answered by it from now on. */
  readonly answerFront: (handler: HttpHandler) => void
}

/** Listens; S3 waits until it is told to forward or to serve. Belongs to `stack`. `main/port-in-use`, `main/port-refused`, `main/certificate-unusable` */
export async function openPorts(
  stack: AsyncDisposableStack,
  {
    config,
    front,
    world,
    telemetry,
    onDeath,
  }: {
    readonly config: UpConfig
    /** Answers on the HTTP port until there is another. */
    readonly front: HttpHandler
    readonly world: World
    readonly telemetry: OpenedTelemetry
    readonly onDeath: (error: unknown) => void
  },
): Promise<Ports> {
  const { host, gateways, s3Port: named } = config
  const wish = { named, fallback: s3PortDefault, flag: '--s3-port' }
  const certificate = certificateOf(config)
  const common = { host, world, telemetry }
  const s3 = stack.use(await openS3Port({ ...common, gateways, wish, certificate, onDeath }))
  let answer = front
  const frontServer = stack.use(
    await listen(
      { ...common, handler: (request) => answer(request), refusal: refuseBytes },
      { named: config.httpPort, fallback: httpPortDefault, flag: '--http-port' },
    ),
  )
  return {
    s3,
    front: frontServer,
    answerFront: (handler) => {
      answer = handler
    },
  }
}

/** From then on both ports are answered from the store, within the limits it returns. `pass` is what other processes prove themselves by. */
export function openDoors(
  store: OpenedStore,
  {
    config,
    ports,
    deliveries: { dispatcher },
    libraries,
    auditLog,
    pass,
    world,
    telemetry,
    root,
  }: {
    readonly config: UpConfig
    readonly ports: Ports
    readonly deliveries: Deliveries
    readonly libraries: Pick<LibraryService, 'api' | 'pages' | 'figures'>
    readonly auditLog: AuditLog | undefined
    readonly pass: string | undefined
    readonly world: World
    readonly telemetry: OpenedTelemetry
    readonly root: Principal
  },
): RateLimits {
  const { objects } = store
  const identities = store.accounts
  const domains = domainsOf(config)
  const rateTables = openRateTables(config, world)
  const rates = new RateLimits(rateTables, { world })
  const parts = { objects, identities, root, domains, rates, world, telemetry }
  const { hostsAreBuckets } = config
  const s3Door = (mount: Mount): HttpHandler =>
    lateDoor(async () => (await import('#main/s3-door')).openS3Door(mount, parts).handle)
  const websites = websiteDomainsOf(config)
  const front = createFront({
    version,
    health: () => healthOf(store, { isShared: pass !== undefined }),
    metrics: () => metricsOf(telemetry),
    admin: lateDoor(async () =>
      (await import('#api/admin/door')).createAdminDoor({
        accounts: store.accounts,
        cluster: store.cluster,
        topology: () => topologyOf(store),
        repairer: store.repairer,
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
    ),
    libraries: libraries.api,
    pages: libraries.pages,
    local: s3Door({ mount: '/s3', guests: guestsOf(config), createsBuckets: true }),
    s3: s3Door({ ...plainMount, hostsAreBuckets }),
    domains,
    websites: lateDoor(async () =>
      (await import('#main/s3-door')).openWebsiteDoor({ ...parts, domains: websites }),
    ),
    websiteDomains: websites,
    world,
    telemetry,
  })
  ports.s3.serve({
    ...{ objects, identities, root, rateTables, domains, hostsAreBuckets, pass, telemetry },
  })
  ports.answerFront(front)
  telemetry.observe(async () => {
    const { toleratedNodeLosses, warnings } = topologyOf(store)
    return {
      version,
      nodes: store.cluster.figures(),
      toleratedNodeLosses,
      topologyWarnings: warnings.length,
      repairQueueChunks: store.repairer.length,
      connections: ports.s3.exchanges + ports.front.exchanges,
      libraries: await libraries.figures(),
      targets: await backlogs(store),
    }
  })
  return rates
}

export function topologyOf({ cluster, profile }: OpenedStore): TopologyReport {
  return assessTopology(cluster.epoch(), profile)
}

/** Host names below these are buckets. */
export function domainsOf({ s3Domains: more }: UpConfig): readonly string[] {
  return [...s3Domains, ...(more ?? [])]
}

/** Host names below these are websites. */
export function websiteDomainsOf({ websiteDomain }: UpConfig): readonly string[] {
  return [...websiteDomains, ...(websiteDomain === undefined ? [] : [websiteDomain])]
}

export async function metricsOf(
  telemetry: OpenedTelemetry,
): Promise<{ readonly text: string; readonly contentType: string }> {
  return { text: await telemetry.metricsText(), contentType: telemetry.metricsContentType }
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

/** Where several processes share a database, each says what it is. */
async function healthOf(
  store: OpenedStore,
  { isShared }: { readonly isShared: boolean },
): Promise<Health> {
  const { isWritable, nodesUp, nodesDown, toleratedNodeLosses, warnings } = topologyOf(store)
  const isReachable = await canRead(store.sql)
  const { length: repairQueue } = store.repairer
  return {
    isHealthy: isWritable && isReachable,
    warnings: isReachable ? warnings : [...warnings, 'The metadata database does not answer.'],
    facts: {
      ...(isShared ? { role: 'holder' } : {}),
      ...{ nodesUp, nodesDown, toleratedNodeLosses, repairQueue },
    },
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
