/** The Hero Redis port: beside a store in `mycelium up`, or by itself as `mycelium hero-redis`. */
import { openHeroRedisDoor } from '#api/hero-redis/door'
import { openRateTables, RateLimits } from '#api/rate-limits'
import { openRealDisk } from '#disk/real'
import {
  type CertificateFiles,
  certificateOf,
  followIdentity,
  readIdentity,
} from '#main/certificate'
import { type DataDirectory, openDataDirectory } from '#main/data-directory'
import type { HeroRedisConfig } from '#main/hero-redis.config'
import { openRights } from '#main/hero-redis-rights'
import { isLoopback } from '#main/networks'
import type { ProgramOptions } from '#main/offline'
import { claimPort, connectionsUpTo, type Wish } from '#main/ports'
import { heroRedisPortDefault } from '#main/up.config'
import { version } from '#main/version'
import { printRedisPlace } from '#redis/connection'
import { redisServerLimits } from '#redis/limits'
import { openRedisServer, type RedisServer } from '#redis/server'
import { openRedisValues } from '#redis/values'
import { openTelemetry } from '#telemetry/open-telemetry'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface HeroRedisParts {
  readonly directory: Pick<DataDirectory, 'heroRedis' | 'heroRights'>
  readonly host: string
  /** Undefined: the default one, or the next that is free. */
  readonly port: number | undefined
  /** Clear text without. */
  readonly certificate: CertificateFiles | undefined
  readonly rates: RateLimits
  readonly world: World
  readonly telemetry: Telemetry
  /** Aborted when its files need not be looked at any more. */
  readonly signal: AbortSignal
}

/** Listens when the promise resolves. The faults of `openRights`, `openRedisValues` and `claimPort`; `main/certificate-unusable` */
export async function openHeroRedisPort(parts: HeroRedisParts): Promise<RedisServer> {
  const { directory, host, certificate, rates, world, telemetry, signal } = parts
  const rights = await openRights(directory.heroRights, { world, telemetry, signal })
  const disk = openRealDisk(directory.heroRedis)
  const values = await openRedisValues({ disk, world, telemetry })
  const shown = certificate && (await readIdentity(certificate))
  const open = openHeroRedisDoor({ values, rights, rates, version, world, telemetry })
  const wish: Wish = {
    named: parts.port,
    fallback: heroRedisPortDefault,
    flag: '--hero-redis-port',
  }
  const limits = { connectionsMax: await connectionsUpTo(redisServerLimits.connectionsMax) }
  const server = await claimPort(wish, host, (port) =>
    openRedisServer({ host, port, tls: shown, open, limits, world, telemetry }),
  )
  if (certificate !== undefined && shown !== undefined) {
    void followIdentity(certificate, { server, shown, world, telemetry, signal })
  }
  return server
}

/** Until a signal. */
export async function heroRedis({
  config,
  world,
  print,
  stop,
}: ProgramOptions<HeroRedisConfig>): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const telemetry = openTelemetry({ level: config.logLevel, metrics: false, world })
  stack.defer(() => telemetry.close())
  const directory = stack.use(
    await openDataDirectory(config.data, { program: 'mycelium hero-redis', world, parts: [] }),
  )
  const { host, failures } = config
  const certificate = certificateOf(config)
  const closing = new AbortController()
  stack.defer(() => closing.abort())
  const server = stack.use(
    await openHeroRedisPort({
      ...{ directory, host, port: config.heroRedisPort, certificate, world, telemetry },
      rates: new RateLimits(openRateTables({ failures }, world), { world }),
      signal: closing.signal,
    }),
  )
  print(tell({ config, port: server.port, rightsPath: directory.heroRights }))
  if (!stop.aborted) {
    await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
  }
  print('\nStopping: commands in flight are finished first.\n')
}

function tell({
  config,
  port,
  rightsPath,
}: {
  readonly config: HeroRedisConfig
  readonly port: number
  readonly rightsPath: string
}): string {
  const { host } = config
  const scheme = certificateOf(config) === undefined ? 'redis' : 'rediss'
  const isClear = scheme === 'redis' && !isLoopback(host)
  const lines = [
    `Hero Redis is up at ${scheme}://${printRedisPlace({ host, port })}.`,
    `Who may do what stands in ${rightsPath}.`,
    ...(isClear ? ['Warning: logins travel in clear text, beyond this machine too.'] : []),
    ...(config.heroRedisPort === undefined && port !== heroRedisPortDefault
      ? [`Port ${heroRedisPortDefault} is in use; ${port} was taken instead.`]
      : []),
    'Ctrl-C stops it.',
  ]
  return `${lines.join('\n')}\n`
}
