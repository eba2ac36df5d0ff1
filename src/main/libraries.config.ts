/** What `mycelium libraries` may be told: by flag, environment or file. */
import { z } from 'zod'
import { librarySettings, wholeAdmin } from '#main/library-settings'
import { port, wholeCertificate } from '#main/listening.config'
import {
  type Given,
  isGiven,
  oneOf,
  parsedBy,
  type Rule,
  readSettings,
  type Setting,
  type ValuesOf,
} from '#main/settings'
import { checkPostgresUrl, oneMasterKey, storeSettings } from '#main/store.config'
import { upSettings } from '#main/up.config'
import { type LogLevel, logLevels } from '#telemetry/log-level'

export const librariesPortDefault = 8080
const databaseConnectionsDefault = 10
const databaseConnectionsMax = 200

const text = z.string().min(1)

/** A server, or a file: `sqlite:///var/lib/mdlibs/registry.sqlite`. */
export type DatabasePlace =
  | { readonly kind: 'postgresql'; readonly address: string }
  | { readonly kind: 'sqlite'; readonly path: string }

/** A directory, or a bucket of any S3. */
export type ArchivesPlace =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }

export const librariesSettings = {
  config: {
    flag: '--config <file>',
    env: 'REGISTRY_CONFIG',
    help: 'file of settings, in TOML (default: config.toml in the data directory, where there is one)',
    schema: text.optional(),
  },
  printsConfig: {
    flag: '--print-config',
    help: 'print what is in force, and where it comes from, and end',
    schema: isGiven,
  },
  host: {
    flag: '--host <address>',
    env: 'REGISTRY_HOST',
    file: 'server.host',
    help: 'address to listen on; 0.0.0.0 or :: is every one (default: 127.0.0.1)',
    schema: z.string().default('127.0.0.1'),
  },
  port: {
    flag: '--port <port>',
    env: 'REGISTRY_PORT',
    file: 'server.port',
    help: `port to listen on (default: ${librariesPortDefault}, or the next free one)`,
    schema: port.optional(),
  },
  tlsCertificate: {
    flag: '--tls-cert <file>',
    env: 'MYCELIUM_TLS_CERT',
    file: 'server.tls_cert',
    help: 'certificate, with those above it, in PEM: it speaks TLS 1.3 then',
    schema: text.optional(),
  },
  tlsKey: {
    flag: '--tls-key <file>',
    env: 'MYCELIUM_TLS_KEY',
    file: 'server.tls_key',
    help: 'private key of the certificate, in PEM; both are read again when they change',
    schema: text.optional(),
  },
  database: {
    flag: '--database <url>',
    env: 'DATABASE_URL',
    file: 'database.url',
    help: 'postgres://… or sqlite:///FILE: keeps all but archives there, without nodes (default: a store in the data directory)',
    isSecret: true,
    schema: z
      .string()
      .superRefine((url, context) => {
        if (!isSqlite(url)) checkPostgresUrl(url, context)
      })
      .transform(parseDatabase)
      .optional(),
  },
  databaseConnections: {
    flag: '--database-connections <count>',
    env: 'DATABASE_MAX_CONNECTIONS',
    file: 'database.max_connections',
    help: `connections that read from a server, and again as many that write (default: ${databaseConnectionsDefault})`,
    schema: parsedBy((digits) => {
      const count = /^\d{1,3}$/.test(digits) ? Number(digits) : 0
      return count >= 1 && count <= databaseConnectionsMax ? count : undefined
    }, `a whole number from 1 to ${databaseConnectionsMax}`).default(databaseConnectionsDefault),
  },
  archives: {
    flag: '--archives <place>',
    env: 'STORAGE_PATH',
    file: 'storage.path',
    help: 'a directory, or s3://BUCKET/PREFIX (default: objects of the store; with --database, a directory in the data directory)',
    schema: parsedBy(parseArchives, 'a directory, or s3://BUCKET/PREFIX').optional(),
  },
  s3Endpoint: {
    env: 'AWS_ENDPOINT_URL_S3',
    file: 'storage.s3_endpoint',
    help: 'address of that S3 (default: AWS)',
    schema: parsedBy(
      (url) => (/^https?:$/.test(URL.parse(url)?.protocol ?? '') ? url : undefined),
      'an address such as http://127.0.0.1:9000',
    ).optional(),
  },
  s3Region: {
    env: 'AWS_REGION',
    file: 'storage.s3_region',
    help: 'its region (default: us-east-1)',
    schema: text.default('us-east-1'),
  },
  s3AccessKeyId: {
    env: 'AWS_ACCESS_KEY_ID',
    help: 'who we are there (default: nobody)',
    schema: text.optional(),
  },
  s3SecretAccessKey: {
    env: 'AWS_SECRET_ACCESS_KEY',
    help: 'and how we prove it',
    isSecret: true,
    schema: text.optional(),
  },
  redis: {
    flag: '--redis <url>',
    env: 'REDIS_URL',
    file: 'rate_limit.redis',
    help: 'where several servers count requests and attempts to sign in together, redis://HOST:PORT/DB (default: each for itself)',
    isSecret: true,
    schema: parsedBy(
      (url) => (/^rediss?:$/.test(URL.parse(url)?.protocol ?? '') ? url : undefined),
      'an address such as redis://localhost:6379/0',
    ).optional(),
  },
  logLevel: {
    flag: '--log <level>',
    env: 'LOG_LEVEL',
    file: 'logging.level',
    help: `what to log on stderr: ${logLevels.join(', ')} (default: info)`,
    schema: parsedBy<LogLevel>(
      (level) => logLevels.find((known) => known === level.toLowerCase()),
      `one of ${logLevels.join(', ')}`,
    ).default('info'),
  },
  logFormat: {
    env: 'LOG_FORMAT',
    file: 'logging.format',
    help: 'lines for machines, or for people: json or pretty (default: json)',
    schema: oneOf(['json', 'pretty']).default('json'),
  },
  ...librarySettings,
  // Of the store, where there is one.
  data: {
    ...storeSettings.data,
    help: 'where the store is, or with --database the master key, the audit log and, unless it is told otherwise, archives (default: ./data)',
  },
  masterKey: storeSettings.masterKey,
  masterKeyFile: storeSettings.masterKeyFile,
  passphrase: storeSettings.passphrase,
  nodes: upSettings.nodes,
  profile: upSettings.profile,
  chunkBytes: upSettings.chunkBytes,
  storageClasses: upSettings.storageClasses,
  strictPlacement: upSettings.strictPlacement,
  replaceLost: upSettings.replaceLost,
  engine: upSettings.engine,
  collectAt: upSettings.collectAt,
  collectEveryMs: upSettings.collectEveryMs,
  collectRate: upSettings.collectRate,
  collectGraceMs: upSettings.collectGraceMs,
  scrubMs: upSettings.scrubMs,
  scrubRate: upSettings.scrubRate,
  lifecycleDayMs: upSettings.lifecycleDayMs,
  snapshotMs: upSettings.snapshotMs,
  failures: upSettings.failures,
  audit: upSettings.audit,
  auditTo: upSettings.auditTo,
} satisfies Record<string, Setting<unknown>>

export type LibrariesConfig = ValuesOf<typeof librariesSettings>

/** `main/mistaken-settings`: all mistakes at once. */
export function readLibrariesConfig(given: Given): LibrariesConfig {
  return readSettings(librariesSettings, given, [
    oneMasterKey,
    wholeCertificate,
    wholeAdmin,
    wholeCredentials,
  ])
}

const wholeCredentials: Rule<typeof librariesSettings> = ({ s3AccessKeyId, s3SecretAccessKey }) =>
  (s3AccessKeyId === undefined) === (s3SecretAccessKey === undefined)
    ? []
    : ['AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY come together']

function isSqlite(url: string): boolean {
  return url.startsWith('sqlite:')
}

/** `sqlite:///absolute`, `sqlite://relative` and `sqlite:relative`. */
function parseDatabase(url: string): DatabasePlace {
  if (!isSqlite(url)) return { kind: 'postgresql', address: url }
  return { kind: 'sqlite', path: url.slice('sqlite:'.length).replace(/^\/\//, '') }
}

function parseArchives(place: string): ArchivesPlace | undefined {
  if (!place.startsWith('s3://')) return { kind: 'directory', path: place }
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(place) ?? []
  if (bucket === undefined) return undefined
  return {
    kind: 's3',
    bucket,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
  }
}
