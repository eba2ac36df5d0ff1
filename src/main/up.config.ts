/** What `mycelium up` may be told, by flag or environment. */
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import type { StorageClasses } from '#cluster/tables'
import { formatProfile, namedProfiles, type Profile, parseProfile } from '#erasure/profile'
import { isFault } from '#fault/fault'
import { librarySettings, wholeAdmin } from '#main/library-settings'
import { port, rateRule, wholeCertificate } from '#main/listening.config'
import { parseNetworks } from '#main/networks'
import { tellTooFewNodes } from '#main/node-count'
import {
  type Given,
  isGiven,
  parsedBy,
  type Rule,
  readSettings,
  type Setting,
  type ValuesOf,
} from '#main/settings'
import { oneMasterKey, storeSettings } from '#main/store.config'
import { parseChunkBytes, parseDuration, parseRate, parseTimeOfDay } from '#main/units'
import { dayMs } from '#object/locks'
import { standardClass } from '#object/rows'
import { type Engine, engines } from '#shard/node-metadata'

export const nodesDefault = 14
/** All nodes of `mycelium up` share one machine and one process: more of them protect nothing more. */
export const nodesMax = 254
export const profileDefault: Profile = namedProfiles.default
export const s3PortDefault = 9000
export const httpPortDefault = 8080
export const heroRedisPortDefault = 6666

/** Each has packs of its own. */
export const storageClassesMax = 16

/** More of them would only wait for the thread of the store. */
export const gatewaysMax = 16

export const upSettings = {
  ...storeSettings,
  nodes: {
    flag: '--nodes <count>',
    env: 'MYCELIUM_NODES',
    help: `storage nodes, each a directory (default: ${nodesDefault}, or as many as there are)`,
    schema: parsedBy((text) => {
      const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
      return count >= 1 && count <= nodesMax ? count : undefined
    }, `a whole number from 1 to ${nodesMax}`).optional(),
  },
  profile: {
    flag: '--profile <data+parity>',
    env: 'MYCELIUM_PROFILE',
    help: `shards of new objects (default: what the store was last told, ${formatProfile(profileDefault)} in the beginning)`,
    schema: parsedBy(
      parseRedundantProfile,
      'data+parity, such as 10+4, each at least 1 and together at most 256',
    ).optional(),
  },
  chunkBytes: {
    flag: '--chunk-size <size>',
    env: 'MYCELIUM_CHUNK_SIZE',
    help: 'largest piece of an object that is coded as one: 4MiB to 256MiB (default: 64MiB)',
    schema: parsedBy(parseChunkBytes, 'a size from 4MiB to 256MiB, such as 64 or 64MiB').default(
      64 * 2 ** 20,
    ),
  },
  host: {
    flag: '--host <address>',
    env: 'MYCELIUM_HOST',
    help: 'address to listen on (default: 127.0.0.1)',
    schema: z.string().default('127.0.0.1'),
  },
  s3Port: {
    flag: '--s3-port <port>',
    env: 'MYCELIUM_S3_PORT',
    help: `port of the S3 endpoint (default: ${s3PortDefault}, or the next free one)`,
    schema: port.optional(),
  },
  httpPort: {
    flag: '--http-port <port>',
    env: 'MYCELIUM_HTTP_PORT',
    help: `port of everything else (default: ${httpPortDefault}, or the next free one)`,
    schema: port.optional(),
  },
  heroRedisPort: {
    flag: '--hero-redis-port <port>',
    env: 'MYCELIUM_HERO_REDIS_PORT',
    help: `port for shards of links, such as ${heroRedisPortDefault} (default: none)`,
    schema: port.optional(),
  },
  heroRedisTls: {
    flag: '--hero-redis-tls',
    env: 'MYCELIUM_HERO_REDIS_TLS',
    help: 'that port speaks TLS 1.3 too, with the certificate of the S3 port',
    schema: isGiven,
  },
  tlsCertificate: {
    flag: '--tls-cert <file>',
    env: 'MYCELIUM_TLS_CERT',
    help: 'certificate of the S3 port, with those above it, in PEM: it speaks TLS 1.3 then',
    schema: z.string().min(1).optional(),
  },
  tlsKey: {
    flag: '--tls-key <file>',
    env: 'MYCELIUM_TLS_KEY',
    help: 'private key of the certificate, in PEM; both are read again when they change',
    schema: z.string().min(1).optional(),
  },
  standsBy: {
    flag: '--stand-by',
    env: 'MYCELIUM_STAND_BY',
    help: 'while another process has the store, forward to it, and take its place when it ends (needs --database-url)',
    schema: isGiven,
  },
  advertise: {
    flag: '--advertise <url>',
    env: 'MYCELIUM_ADVERTISE',
    help: 'the S3 port as those that stand by reach it, such as http://10.0.0.5:9000 (default: where it listens)',
    schema: parsedBy(
      parseOrigin,
      'an address such as http://10.0.0.5:9000, without a path',
    ).optional(),
  },
  s3Domains: {
    flag: '--s3-domain <names>',
    env: 'MYCELIUM_S3_DOMAIN',
    help: 'host names BUCKET.<name> lead to buckets; several with commas (always: localhost)',
    schema: parsedBy((text) => {
      const names = text.split(',').map((name) => parseHostName(name.trim()))
      return names.every((name) => name !== undefined) ? names : undefined
    }, 'host names such as s3.example.org, separated by commas').optional(),
  },
  hostsAreBuckets: {
    flag: '--s3-cname',
    env: 'MYCELIUM_S3_CNAME',
    help: 'on the S3 port, every other host name with a dot is the name of a bucket',
    schema: isGiven,
  },
  websiteDomain: {
    flag: '--website-domain <name>',
    env: 'MYCELIUM_WEBSITE_DOMAIN',
    help: 'host names BUCKET.<name> on the HTTP port show buckets as websites (always: s3-website.localhost)',
    schema: parsedBy(parseHostName, 'a host name such as pages.example.org').optional(),
  },
  gateways: {
    flag: '--gateways <count>',
    env: 'MYCELIUM_GATEWAYS',
    help: 'threads that speak S3 beside the one of the store; 0: none (default: half of the cores, 4 at most)',
    schema: parsedBy((text) => {
      const count = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
      return count <= gatewaysMax ? count : undefined
    }, `a whole number from 0 to ${gatewaysMax}`).default(Math.min(4, availableParallelism() >> 1)),
  },
  perKey: {
    flag: '--requests-per-key <rate>',
    env: 'MYCELIUM_REQUESTS_PER_KEY',
    help: 'most requests a second with one access key, such as 100, or 100:500 with a burst of 500 (default: off)',
    schema: rateRule.optional(),
  },
  perAddress: {
    flag: '--requests-per-address <rate>',
    env: 'MYCELIUM_REQUESTS_PER_ADDRESS',
    help: 'the same from one address of another machine (default: off)',
    schema: rateRule.optional(),
  },
  failures: {
    flag: '--failures-per-address <rate>',
    env: 'MYCELIUM_FAILURES_PER_ADDRESS',
    help: 'most unknown keys and wrong signatures a second from one address of another machine, or "off" (default: 10:100)',
    schema: rateRule.default({ perSecond: 10, burst: 100 }),
  },
  audit: {
    flag: '--audit <scope>',
    env: 'MYCELIUM_AUDIT',
    help: 'what the audit log tells: changes (of users, rights, settings and locks, and what is refused), all, or off (default: changes)',
    schema: parsedBy(
      (text) => (['changes', 'all', 'off'] as const).find((scope) => scope === text),
      'changes, all or off',
    ).default('changes'),
  },
  auditTo: {
    flag: '--audit-to <where>',
    env: 'MYCELIUM_AUDIT_TO',
    help: 'where it goes: file (DATA/audit) or stdout (default: file)',
    schema: parsedBy(
      (text) => (['file', 'stdout'] as const).find((where) => where === text),
      'file or stdout',
    ).default('file'),
  },
  accessLogMs: {
    flag: '--access-log-every <duration>',
    env: 'MYCELIUM_ACCESS_LOG_EVERY',
    help: "how long a line of a bucket's access log waits at most for its object (default: 5m)",
    schema: parsedBy(parseDuration, 'a duration such as 90s, 30m or 6h').default(5 * 60_000),
  },
  anonymousNets: {
    env: 'MYCELIUM_ANONYMOUS_NETS',
    schema: parsedBy(
      parseNetworks,
      'networks such as 172.18.0.0/16, separated by commas: first address and length, none wider than /8 (IPv6: /7)',
    ).optional(),
  },
  accessKeyId: {
    env: 'AWS_ACCESS_KEY_ID',
    schema: z
      .string()
      .regex(/^\w{3,128}$/, 'expected 3 to 128 letters, digits or _')
      .optional(),
  },
  secretAccessKey: {
    env: 'AWS_SECRET_ACCESS_KEY',
    isSecret: true,
    schema: z
      .string()
      .regex(/^[!-~]{8,128}$/, 'expected 8 to 128 printable characters without spaces')
      .optional(),
  },
  strictPlacement: {
    flag: '--strict-placement',
    env: 'MYCELIUM_STRICT_PLACEMENT',
    help: 'refuse writes rather than exceed 2 shards per node, 4 per rack, 6 per datacenter',
    schema: isGiven,
  },
  replaceLost: {
    flag: '--replace-lost',
    env: 'MYCELIUM_REPLACE_LOST',
    help: 'make directories anew for nodes whose own are gone; repair fills them',
    schema: isGiven,
  },
  engine: {
    flag: '--engine <name>',
    env: 'MYCELIUM_ENGINE',
    help: `how nodes that are made keep their bytes: ${engines.join(' or ')}; others keep their own (default: files)`,
    schema: parsedBy<Engine>(
      (name) => engines.find((known) => known === name),
      engines.join(' or '),
    ).default('files'),
  },
  collectAt: {
    flag: '--gc-at <hh:mm>',
    env: 'MYCELIUM_GC_AT',
    help: 'when to collect garbage each day, or "off" (default: 03:00)',
    schema: parsedBy(
      (text) => (text === 'off' ? text : parseTimeOfDay(text)),
      'a time of day such as 03:00, or off',
    ).default({ hour: 3, minute: 0 }),
  },
  collectEveryMs: {
    flag: '--gc-every <duration>',
    env: 'MYCELIUM_GC_EVERY',
    help: 'collect garbage so often, instead of once a day',
    schema: parsedBy(parseDuration, 'a duration such as 90s, 30m or 6h').optional(),
  },
  collectRate: {
    flag: '--gc-rate <rate>',
    env: 'MYCELIUM_GC_RATE',
    help: 'most bytes deleted per second (default: 100MB/s)',
    schema: parsedBy(parseRate, 'bytes per second, such as 100MB/s').default(100e6),
  },
  collectGraceMs: {
    flag: '--gc-grace <duration>',
    env: 'MYCELIUM_GC_GRACE',
    help: 'how long something must have been garbage before it is deleted (default: 1h)',
    schema: parsedBy(parseDuration, 'a duration such as 90s, 30m or 6h').default(3_600_000),
  },
  scrubMs: {
    flag: '--scrub-every <duration>',
    env: 'MYCELIUM_SCRUB_EVERY',
    help: 'how often every stored shard is read and checked (default: 7d)',
    schema: parsedBy(parseDuration, 'a duration such as 90s, 30m or 7d').default(7 * 86_400_000),
  },
  scrubRate: {
    flag: '--scrub-rate <rate>',
    env: 'MYCELIUM_SCRUB_RATE',
    help: 'most bytes checked per second (default: 50MB/s)',
    schema: parsedBy(parseRate, 'bytes per second, such as 50MB/s').default(50e6),
  },
  storageClasses: {
    flag: '--storage-classes <list>',
    env: 'MYCELIUM_STORAGE_CLASSES',
    help: 'profiles that objects may ask for by name, such as "REDUCED_REDUNDANCY=10+2,STANDARD_IA=8+6", or "none" (default: what the store was last told)',
    schema: parsedBy(
      parseStorageClasses,
      `up to ${storageClassesMax} of NAME=data+parity, separated by commas, or none; names are capitals, digits and _, and not STANDARD`,
    ).optional(),
  },
  lifecycleDayMs: {
    flag: '--lifecycle-day <duration>',
    env: 'MYCELIUM_LIFECYCLE_DAY',
    help: 'what lifecycle rules take for a day, to try them out: from 1s (default: 1d)',
    schema: parsedBy((text) => {
      const ms = parseDuration(text)
      return ms !== undefined && ms <= dayMs ? ms : undefined
    }, 'a duration from 1s to 1d').default(dayMs),
  },
  giveUpMs: {
    flag: '--delivery-give-up <duration>',
    env: 'MYCELIUM_DELIVERY_GIVE_UP',
    help: 'how long a notification is tried before it is laid aside (default: 1d)',
    schema: parsedBy(parseDuration, 'a duration such as 90s, 30m or 6h').default(86_400_000),
  },
  snapshotMs: {
    flag: '--snapshot-every <duration>',
    env: 'MYCELIUM_SNAPSHOT_EVERY',
    help: 'how often to store a snapshot of the metadata (default: 6h)',
    schema: parsedBy(parseDuration, 'a duration such as 90s, 30m or 6h').default(6 * 3_600_000),
  },
  ...librarySettings,
} satisfies Record<string, Setting<unknown>>

export type UpConfig = ValuesOf<typeof upSettings>

/** `main/mistaken-settings`: all mistakes at once. */
export function readUpConfig(given: Given): UpConfig {
  return readSettings(upSettings, given, [
    oneMasterKey,
    wholeCredentials,
    wholeCertificate,
    heroRedisCertificate,
    enoughNodes,
    twoPorts,
    sharedDatabase,
    wholeAdmin,
  ])
}

const wholeCredentials: Rule<typeof upSettings> = (values) => {
  if (!('accessKeyId' in values && 'secretAccessKey' in values)) return [] // one is mistaken, and told already
  const { accessKeyId, secretAccessKey } = values
  if ((accessKeyId === undefined) === (secretAccessKey === undefined)) return []
  const missing = accessKeyId === undefined ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY'
  return [`${missing}: missing; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY come together`]
}

const enoughNodes: Rule<typeof upSettings> = ({ nodes, profile }) => {
  const lack = nodes && profile && tellTooFewNodes(nodes, profile)
  return typeof lack === 'string' ? [`--nodes ${nodes}: ${lack}`] : []
}

const heroRedisCertificate: Rule<typeof upSettings> = (values) => {
  if (values.heroRedisTls !== true) return []
  if (values.heroRedisPort === undefined) return ['--hero-redis-tls: wants --hero-redis-port']
  return values.tlsCertificate === undefined ? ['--hero-redis-tls: wants --tls-cert'] : []
}

const twoPorts: Rule<typeof upSettings> = ({ s3Port, httpPort, heroRedisPort }) => {
  const named = Object.entries({
    '--s3-port': s3Port,
    '--http-port': httpPort,
    '--hero-redis-port': heroRedisPort,
  }).filter(([, port]) => port !== undefined && port !== 0)
  return named.flatMap(([flag, port], at) =>
    named
      .slice(at + 1)
      .filter(([, other]) => other === port)
      .map(([other]) => `${flag} and ${other}: both are ${port}`),
  )
}

const sharedDatabase: Rule<typeof upSettings> = ({ standsBy, databaseUrl }) =>
  standsBy === true && databaseUrl === undefined
    ? [
        '--stand-by: only processes with one database can stand by for each other; see --database-url',
      ]
    : []

/** `http://HOST:PORT` */
function parseOrigin(text: string): string | undefined {
  const url = URL.parse(text)
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:'
  const isBare = url?.href === `${url?.origin}/`
  return url !== null && isWeb && isBare ? url.origin : undefined
}

function parseHostName(text: string): string | undefined {
  return /^[a-z\d-]+(\.[a-z\d-]+)*$/i.test(text) ? text.toLowerCase() : undefined
}

/** `REDUCED_REDUNDANCY=10+2,STANDARD_IA=8+6` */
function parseStorageClasses(text: string): StorageClasses | undefined {
  if (text === 'none') return {}
  const pairs = text.split(',').map((part): readonly [string, Profile | undefined] => {
    const [name = '', profile = '', ...rest] = part.trim().split('=')
    const isName = /^[A-Z][A-Z0-9_]{0,31}$/.test(name) && name !== standardClass
    return [name, isName && rest.length === 0 ? parseRedundantProfile(profile) : undefined]
  })
  const named = pairs.flatMap(([name, profile]) =>
    profile === undefined ? [] : [[name, profile] as const],
  )
  const isWhole = named.length === pairs.length && named.length <= storageClassesMax
  const classes = Object.fromEntries(named)
  return isWhole && Object.keys(classes).length === named.length ? classes : undefined
}

/** Without parity nothing could be promised: a write needs more than k shards to be acknowledged. */
function parseRedundantProfile(text: string): Profile | undefined {
  try {
    const profile = parseProfile(text)
    return profile.parity > 0 ? profile : undefined
  } catch (error) {
    if (isFault(error, 'erasure/invalid-profile')) return undefined
    throw error
  }
}
