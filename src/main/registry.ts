/** `mycelium registry`: keeps links' manifests, for whoever knows their hashes, until a signal. */
import { hostname } from 'node:os'
import { BodyMemory } from '#api/content/body-memory'
import { createContentDoor, refuseContent } from '#api/content/door'
import { openRateTables, RateLimits } from '#api/rate-limits'
import { openRegistry, type Registry } from '#content/registry'
import { startRetention } from '#content/registry-retention'
import { ShardBackends } from '#content/shard-backends'
import { isFault } from '#fault/fault'
import type { HttpServer } from '#http/server'
import { printServing, type Row } from '#main/banner'
import { certificateOf, listenAs } from '#main/certificate'
import { urlOf } from '#main/listening.config'
import { isLoopback } from '#main/networks'
import type { ProgramOptions } from '#main/offline'
import { type RegistryConfig, registryPortDefault } from '#main/registry.config'
import { openRegistryDatabase } from '#main/registry-database'
import { createRegistryFront } from '#main/registry-front'
import { followTokens, readLogins } from '#main/registry-tokens'
import type { Health } from '#main/status-pages'
import { version } from '#main/version'
import { HeroRedisPool } from '#redis/hero-redis-pool'
import { type OpenedTelemetry, openTelemetry } from '#telemetry/open-telemetry'
import { openOtlp } from '#telemetry/otlp'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** What all bodies under way may hold together: two of the largest uploads there may be, or some hundred of the usual limit. */
const bodyMemoryBytes = 256 * 2 ** 20

/** A browser that waits longer asks for another shard. */
const connectMs = 3_000
const commandMs = 10_000

/** Resolves when everything is closed in order. What can be wrong at start is a fault that `explain` puts into a sentence. */
export async function runRegistry({
  config,
  world,
  print,
  stop,
}: ProgramOptions<RegistryConfig>): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const { logLevel: level, keepDays: days } = config
  const counted = openTelemetry({ level, metrics: 'without-store', world })
  stack.defer(() => counted.close())
  const telemetry = exportTelemetry(counted, { config, world, stack })
  const database = stack.use(await openRegistryDatabase(config, { world, telemetry }))
  const registry = await openRegistry(database)
  if (days !== undefined) stack.use(startRetention(registry, { days, world, telemetry }))
  const closing = new AbortController()
  stack.defer(() => closing.abort())
  const { signal } = closing
  const { tokens: path } = config
  const tokens =
    path === undefined ? () => undefined : await followTokens(path, { world, telemetry, signal })
  const content = createContentDoor({
    registry,
    shards: await openBackends(config, { world, stack }),
    tokens,
    bodyBytesMax: config.bodyBytesMax,
    memory: new BodyMemory(bodyMemoryBytes),
    crossOrigins: config.crossOrigins,
    rates: new RateLimits(openRateTables(config, world), { world }),
    isProxy: config.proxies?.include ?? (() => false),
    version,
    world,
    telemetry,
  })
  const front = createRegistryFront({
    version,
    content,
    health: () => healthOf(registry),
    metrics: async () => ({
      text: await counted.metricsText(),
      contentType: counted.metricsContentType,
    }),
    world,
    telemetry,
  })
  const { host, port: named } = config
  const wish = { named, fallback: registryPortDefault, flag: '--port' }
  const server = stack.use(
    await listenAs(
      certificateOf(config),
      { host, world, telemetry, handler: front, refusal: refuseContent },
      { wish, signal },
    ),
  )
  counted.observe(() => ({ version, nodes: [] }))
  print(tell(config, { server, database: database.name }))
  if (!stop.aborted)
    await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
  print('\nStopping: requests in flight are finished first.\n')
}

/** Their connections are made when somebody asks, and kept. */
async function openBackends(
  { backends, backendLogins: path }: RegistryConfig,
  { world, stack }: { readonly world: World; readonly stack: AsyncDisposableStack },
): Promise<ShardBackends> {
  const logins = path === undefined ? new Map() : await readLogins(path)
  const pool = stack.use(new HeroRedisPool({ connectMs, commandMs, world }))
  return new ShardBackends(backends, { logins, pool })
}

/** The same telemetry, which an OpenTelemetry collector hears, too, where one is named. */
function exportTelemetry(
  telemetry: OpenedTelemetry,
  {
    config,
    world,
    stack,
  }: {
    readonly config: RegistryConfig
    readonly world: World
    readonly stack: AsyncDisposableStack
  },
): Telemetry {
  const { otlpEndpoint: endpoint, otlpHeaders: headers } = config
  if (endpoint === undefined) return telemetry
  const otlp = stack.use(
    openOtlp({
      endpoint,
      headers,
      resource: {
        'service.name': config.otlpService,
        'service.version': version,
        'service.instance.id': `${hostname()}-${process.pid}`,
        ...config.otlpResource,
      },
      metricsEveryMs: config.otlpMetricsMs,
      families: () => telemetry.metricFamilies(),
      world,
      telemetry,
    }),
  )
  return {
    ...telemetry,
    requestEnded(event) {
      telemetry.requestEnded(event)
      otlp.requestEnded(event)
    },
  }
}

async function healthOf(registry: Registry): Promise<Health> {
  try {
    await registry.check()
    return { isHealthy: true, warnings: [], facts: {} }
  } catch (error) {
    if (!isFault(error)) throw error
    return { isHealthy: false, warnings: ['The database does not answer.'], facts: {} }
  }
}

function tell(
  config: RegistryConfig,
  { server, database }: { readonly server: HttpServer; readonly database: string },
): string {
  const { host, port, tokens, keepDays } = config
  const isOpen = !isLoopback(host)
  const hasTls = certificateOf(config) !== undefined
  const url = urlOf(host, server, hasTls ? 'https' : 'http')
  const rows: readonly Row[] = [
    ['Address', url],
    ['Database', database],
    [
      'Uploads',
      tokens === undefined ? 'by everybody who can reach it' : `with a token of ${tokens}`,
    ],
    ['Kept', keepDays === undefined ? 'for ever' : `for ${keepDays} days`],
    ['Status', `${url}/health   ${url}/metrics`],
  ]
  const warnings = [
    ...(port === undefined && server.port !== registryPortDefault
      ? [`Port ${registryPortDefault} is in use; ${server.port} was taken instead.`]
      : []),
    ...(config.isPasswordVisible
      ? ['Whoever lists processes sees --db-password: use MYCELIUM_DB_PASSWORD_FILE instead.']
      : []),
    ...(isOpen && !hasTls ? ['Requests travel in clear text, beyond this machine too.'] : []),
    ...(isOpen && tokens === undefined ? ['Everybody may upload: see --tokens.'] : []),
  ]
  return printServing({ title: `Mycelium ${version} registry is up.`, rows, warnings })
}
