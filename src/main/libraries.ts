/** `mycelium libraries`: a registry of libraries, in a store of its own or on a database that several share, until a signal. */
import { join, resolve } from 'node:path'
import { SharedAttempts } from '#api/accounts/shared-attempts'
import { refuseRequest } from '#api/library/door'
import { OwnBudgets, type RequestBudgets } from '#api/library/request-budgets'
import { SharedBudgets } from '#api/library/shared-budgets'
import { openRateTables, RateLimits } from '#api/rate-limits'
import { isLoopback } from '#http/peer'
import { OwnAttempts } from '#identity/attempts'
import { openAudit } from '#main/audit'
import { printServing, type Row } from '#main/banner'
import { certificateOf, listenAs } from '#main/certificate'
import { libraryModules, loadLater } from '#main/late-modules'
import {
  type LibrariesConfig,
  librariesPortDefault,
  librariesSettings,
  readLibrariesConfig,
} from '#main/libraries.config'
import { createLibrariesFront } from '#main/libraries-front'
import { type LibrariesGround, openLibrariesGround } from '#main/libraries-ground'
import { openLibrariesHealth } from '#main/libraries-health'
import {
  accountSettingsOf,
  budgetRulesOf,
  ensureAdmin,
  isProxyOf,
  registryRulesOf,
  upstreamOf,
} from '#main/library-settings'
import { urlOf } from '#main/listening.config'
import { isLoopback as isLoopbackHost } from '#main/networks'
import type { ProgramOptions } from '#main/offline'
import { prettyLine } from '#main/pretty-lines'
import { printSettings } from '#main/print-settings'
import { openLibraryService } from '#main/serve-libraries'
import type { Given } from '#main/settings'
import { findSettingsFile } from '#main/settings-file'
import { version } from '#main/version'
import { OptionalRedis } from '#redis/optional-redis'
import { type OpenedTelemetry, openTelemetry } from '#telemetry/open-telemetry'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** What was given, before a file of settings is found. */
export type LibrariesOptions = Omit<ProgramOptions<Given>, 'progress' | 'commandLine'>

/** Resolves when everything is closed in order. What can be wrong at start is a fault that `explain` puts into a sentence. */
export async function runLibraries({
  config: asked,
  world,
  print,
  stop,
}: LibrariesOptions): Promise<void> {
  const given = { ...asked, file: await findSettingsFile(librariesSettings, asked) }
  const config = readLibrariesConfig(given)
  if (config.printsConfig) {
    print(printSettings(librariesSettings, { given, values: config }))
    return
  }
  await using stack = new AsyncDisposableStack()
  const { logLevel: level } = config
  const counted = openTelemetry({
    ...{ level, metrics: config.database === undefined || 'of-libraries', world },
    ...(config.logFormat === 'pretty' ? { render: (line) => `${prettyLine(line)}\n` } : {}),
  })
  stack.defer(() => counted.close())
  const auditDirectory = join(resolve(config.data), 'audit')
  const audit = stack.use(
    await openAudit({ audit: auditDirectory }, { config, print, world, telemetry: counted }),
  )
  const telemetry: OpenedTelemetry = {
    ...counted,
    requestEnded(event) {
      counted.requestEnded(event)
      audit.take(event)
    },
  }
  const accountSettings = await accountSettingsOf(config)
  const redis = openSharedRedis(config, { world, telemetry, stack })
  const attempts = redis && new SharedAttempts(redis, { own: new OwnAttempts(world) })
  const parts = { accountSettings, attempts, world, telemetry, stack }
  const ground = await openLibrariesGround({ config, ...parts })
  await ensureAdmin(ground.accounts, config)
  const service = stack.use(
    await openLibraryService({
      ...ground,
      rules: registryRulesOf(config),
      upstream: upstreamOf(config),
      auditLog: audit.log,
      budgets: openBudgets(config, { redis, world }),
      rates: new RateLimits(openRateTables(config, world), { world }),
      publicUrl: config.url,
      crossOrigins: config.crossOrigins,
      isProxy: isProxyOf(config),
      ...{ world, telemetry },
    }),
  )
  const front = createLibrariesFront({
    version,
    api: service.api,
    pages: service.pages,
    health: openLibrariesHealth(ground, { world, telemetry }),
    metrics: async () => ({
      text: await counted.metricsText(),
      contentType: counted.metricsContentType,
    }),
    world,
    telemetry,
  })
  const closing = new AbortController()
  stack.defer(() => closing.abort())
  const { host, port: named } = config
  const wish = { named, fallback: librariesPortDefault, flag: '--port' }
  const server = stack.use(
    await listenAs(
      certificateOf(config),
      { host, world, telemetry, handler: front, refusal: refuseRequest },
      { wish, signal: closing.signal },
    ),
  )
  counted.observe(async () => ({
    version,
    nodes: [],
    connections: server.exchanges,
    libraries: await service.figures(),
  }))
  print(tell(config, { port: server.port, ground }))
  stack.defer(loadLater(libraryModules, { world, telemetry }))
  if (!stop.aborted)
    await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
  print('\nStopping: requests in flight are finished first.\n')
}

/** What several servers count together there. */
function openSharedRedis(
  { redis }: LibrariesConfig,
  {
    world,
    telemetry,
    stack,
  }: {
    readonly world: World
    readonly telemetry: Telemetry
    readonly stack: AsyncDisposableStack
  },
): OptionalRedis | undefined {
  if (redis === undefined) return undefined
  const without = 'requests and attempts to sign in are counted by this server alone'
  return stack.use(new OptionalRedis({ ...splitCredentials(redis), without, world, telemetry }))
}

function openBudgets(
  config: LibrariesConfig,
  { redis, world }: { readonly redis: OptionalRedis | undefined; readonly world: World },
): RequestBudgets {
  const rules = budgetRulesOf(config)
  const isExempt = isLoopback
  const own = new OwnBudgets(rules, { world, isExempt })
  return redis === undefined ? own : new SharedBudgets(rules, { redis, own, isExempt, world })
}

/** `redis://USER:SECRET@HOST` */
function splitCredentials(address: string) {
  const url = new URL(address)
  const part = (text: string): string | undefined =>
    text === '' ? undefined : decodeURIComponent(text)
  const [user, secret] = [part(url.username), part(url.password)]
  url.username = ''
  url.password = ''
  return { user, secret, url: url.href }
}

function tell(
  config: LibrariesConfig,
  {
    port,
    ground: { database, archives, isShared },
  }: { readonly port: number; readonly ground: LibrariesGround },
): string {
  const { host } = config
  const isOpen = !isLoopbackHost(host)
  const hasTls = certificateOf(config) !== undefined
  const url = urlOf(host, { port }, hasTls ? 'https' : 'http')
  const rows: readonly Row[] = [
    ['Address', config.url ?? url],
    ['Database', database],
    ['Archives', archives.name],
    ['Registering', registering[config.registration]],
    ['Status', `${url}/health   ${url}/metrics`],
  ]
  const warnings = [
    ...(config.port === undefined && port !== librariesPortDefault
      ? [`Port ${librariesPortDefault} is in use; ${port} was taken instead.`]
      : []),
    ...(isOpen && !hasTls ? ['Requests travel in clear text, beyond this machine too.'] : []),
    ...(isShared && config.redis === undefined
      ? [
          'Each server counts requests, and attempts to sign in, by itself: with several, limits are that many times as high.',
        ]
      : []),
  ]
  return printServing({ title: `Mycelium ${version} libraries are up.`, rows, warnings })
}

const registering = {
  open: 'by everybody',
  invite: 'with an invitation',
  closed: 'by nobody',
} as const
