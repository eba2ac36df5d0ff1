/** What `mycelium registry` may be told, by flag or environment. */
import { z } from 'zod'
import type { CrossOrigins } from '#api/cross-origin'
import { parseBytes } from '#bytes/size'
import { parseShardBackend, type ShardBackend } from '#content/shard-backends'
import { parseOrigins, port, rateRule, wholeCertificate } from '#main/listening.config'
import { parseNetworks } from '#main/networks'
import {
  type Given,
  parsedBy,
  type Rule,
  readSettings,
  type Setting,
  type ValuesOf,
} from '#main/settings'
import { storeSettings } from '#main/store.config'

export const registryPortDefault = 8080
export const databaseNameDefault = 'mycelium_cdn_registry'

/** What the registry in Rust takes of a request, framing included. */
const bodyBytesDefault = 2 ** 21
/** Each is held in memory while it comes, and goes to the database as a whole. */
const bodyBytesMax = 2 ** 26
const keepDaysMax = 36_500

const text = z.string().min(1)

export const registrySettings = {
  data: {
    flag: '--data <directory>',
    env: 'MYCELIUM_DATA',
    help: 'where registry.sqlite lies, when there is no PostgreSQL (default: ./data)',
    schema: z.string().default('./data'),
  },
  databaseUrl: { ...storeSettings.databaseUrl, help: 'PostgreSQL server, as one address' },
  databaseConnections: {
    ...storeSettings.databaseConnections,
    help: 'connections that read from it, and again as many that write (default: 8)',
  },
  dbUser: {
    flag: '--db-user <name>',
    env: 'MYCELIUM_DB_USER',
    help: 'PostgreSQL: the role; with it, and without an address, these say where the database is',
    schema: text.optional(),
  },
  dbPassword: {
    flag: '--db-password <text>',
    env: 'MYCELIUM_DB_PASSWORD',
    help: 'PostgreSQL: its password; a flag is seen by whoever lists processes, the variable is not',
    isSecret: true,
    schema: text.optional(),
  },
  dbPasswordFile: {
    flag: '--db-password-file <file>',
    env: 'MYCELIUM_DB_PASSWORD_FILE',
    help: 'PostgreSQL: a file with nothing but the password',
    schema: text.optional(),
  },
  dbName: {
    flag: '--db-name <name>',
    env: 'MYCELIUM_DB_NAME',
    help: `PostgreSQL: the database (default: ${databaseNameDefault})`,
    schema: text.optional(),
  },
  dbHost: {
    flag: '--db-host <host>',
    env: 'MYCELIUM_DB_HOST',
    help: 'PostgreSQL: the server, or the directory of its socket (default: localhost)',
    schema: text.optional(),
  },
  dbPort: {
    flag: '--db-port <port>',
    env: 'MYCELIUM_DB_PORT',
    help: 'PostgreSQL: its port (default: 5432)',
    schema: port.optional(),
  },
  dbTls: {
    flag: '--db-sslmode <mode>',
    env: 'MYCELIUM_DB_SSLMODE',
    help: 'PostgreSQL: verify-full or disable (default: verify-full, but for this machine)',
    schema: parsedBy(
      (mode) => (['verify-full', 'disable'] as const).find((known) => known === mode),
      'verify-full or disable',
    ).optional(),
  },
  dbTlsRoot: {
    flag: '--db-sslrootcert <file>',
    env: 'MYCELIUM_DB_SSLROOTCERT',
    help: "PostgreSQL: who may sign the server's certificate, in PEM",
    schema: text.optional(),
  },
  host: {
    flag: '--host <address>',
    env: 'MYCELIUM_HOST',
    help: 'address to listen on; :: is every one (default: 127.0.0.1)',
    schema: z.string().default('127.0.0.1'),
  },
  port: {
    flag: '--port <port>',
    env: 'MYCELIUM_REGISTRY_PORT',
    help: `port to listen on (default: ${registryPortDefault}, or the next free one)`,
    schema: port.optional(),
  },
  tlsCertificate: {
    flag: '--tls-cert <file>',
    env: 'MYCELIUM_TLS_CERT',
    help: 'certificate, with those above it, in PEM: it speaks TLS 1.3 then',
    schema: text.optional(),
  },
  tlsKey: {
    flag: '--tls-key <file>',
    env: 'MYCELIUM_TLS_KEY',
    help: 'private key of the certificate, in PEM; both are read again when they change',
    schema: text.optional(),
  },
  bodyBytesMax: {
    flag: '--max-upload <size>',
    env: 'MYCELIUM_MAX_UPLOAD',
    help: 'largest request, 1KiB to 64MiB; the registry in Rust takes 2MiB (default: 2MiB)',
    schema: parsedBy((size) => {
      const bytes = parseBytes(size)
      return bytes !== undefined && bytes >= 1024 && bytes <= bodyBytesMax ? bytes : undefined
    }, 'a size from 1KiB to 64MiB').default(bodyBytesDefault),
  },
  tokens: {
    flag: '--tokens <file>',
    env: 'MYCELIUM_TOKENS',
    help: 'hashes of the tokens that may upload and delete (default: everybody uploads, nobody deletes)',
    schema: text.optional(),
  },
  crossOrigins: {
    flag: '--cors <origins>',
    env: 'MYCELIUM_CORS',
    help: 'origins of web pages that may ask, with commas between them, *, or off (default: *)',
    schema: parsedBy<CrossOrigins>(
      parseOrigins,
      'origins such as https://cdn.example.org, separated by commas, or *, or off',
    ).default('*'),
  },
  perKey: {
    flag: '--requests-per-token <rate>',
    env: 'MYCELIUM_REQUESTS_PER_TOKEN',
    help: 'most uploads and deletes a second with one token, such as 10, or 10:50 with a burst of 50 (default: off)',
    schema: rateRule.optional(),
  },
  perAddress: {
    flag: '--requests-per-address <rate>',
    env: 'MYCELIUM_REQUESTS_PER_ADDRESS',
    help: 'most requests a second from one address of another machine (default: off)',
    schema: rateRule.optional(),
  },
  failures: {
    flag: '--failures-per-address <rate>',
    env: 'MYCELIUM_FAILURES_PER_ADDRESS',
    help: 'most unknown tokens a second from one address of another machine, or "off" (default: 10:100)',
    schema: rateRule.default({ perSecond: 10, burst: 100 }),
  },
  proxies: {
    flag: '--proxies <networks>',
    env: 'MYCELIUM_PROXIES',
    help: 'networks of proxies whose X-Forwarded-For is believed, such as 127.0.0.1/32 (default: none)',
    schema: parsedBy(
      parseNetworks,
      'networks such as 10.1.2.0/24, separated by commas: first address and length, none wider than /8 (IPv6: /7)',
    ).optional(),
  },
  backends: {
    flag: '--backend <places...>',
    env: 'MYCELIUM_BACKENDS',
    help: 'Hero Redis servers whose shards browsers may fetch: HOST:PORT/DB, or HOST:PORT/DB=LABEL (default: none)',
    schema: parsedBy(
      parseBackends,
      'HOST:PORT/DB or HOST:PORT/DB=LABEL, several with spaces or commas',
    ).default([]),
  },
  backendLogins: {
    flag: '--backend-logins <file>',
    env: 'MYCELIUM_BACKEND_LOGINS',
    help: 'how to log in at backends that let not everybody read, one LABEL a line',
    schema: text.optional(),
  },
  keepDays: {
    flag: '--keep-days <days>',
    env: 'MYCELIUM_KEEP_DAYS',
    help: 'forget manifests that are older (default: never)',
    schema: parsedBy((days) => {
      const count = /^\d{1,5}$/.test(days) ? Number(days) : 0
      return count >= 1 && count <= keepDaysMax ? count : undefined
    }, `a whole number from 1 to ${keepDaysMax}`).optional(),
  },
  logLevel: storeSettings.logLevel,
  otlpEndpoint: {
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    schema: parsedBy(
      (url) =>
        /^https?:$/.test(URL.parse(url)?.protocol ?? '') ? url.replace(/\/+$/, '') : undefined,
      'an address such as http://localhost:4318',
    ).optional(),
  },
  otlpHeaders: {
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    isSecret: true,
    schema: parsedBy(parsePairs, 'name=value, separated by commas').default({}),
  },
  otlpService: {
    env: 'OTEL_SERVICE_NAME',
    schema: text.default('mycelium-registry'),
  },
  otlpResource: {
    env: 'OTEL_RESOURCE_ATTRIBUTES',
    schema: parsedBy(parsePairs, 'name=value, separated by commas').default({}),
  },
  otlpMetricsMs: {
    env: 'OTEL_METRIC_EXPORT_INTERVAL',
    schema: parsedBy(
      (ms) => (/^\d{3,8}$/.test(ms) ? Number(ms) : undefined),
      'milliseconds, from 100 on',
    ).default(60_000),
  },
} satisfies Record<string, Setting<unknown>>

export interface RegistryConfig extends ValuesOf<typeof registrySettings> {
  /** The password came with a flag. */
  readonly isPasswordVisible: boolean
}

/** `main/mistaken-settings`: all mistakes at once. */
export function readRegistryConfig(given: Given): RegistryConfig {
  const values = readSettings(registrySettings, given, [wholeCertificate, oneDatabase])
  return { ...values, isPasswordVisible: given.flags['dbPassword'] !== undefined }
}

/** One way to say where the database is is enough; two could disagree. */
const oneDatabase: Rule<typeof registrySettings> = (values) => {
  const { databaseUrl, dbUser, dbPassword, dbPasswordFile } = values
  if (databaseUrl !== undefined && dbUser !== undefined)
    return ['DATABASE_URL and --db-user: give only one of them']
  if (dbPassword !== undefined && dbPasswordFile !== undefined)
    return ['--db-password and --db-password-file: give only one of them']
  const parts = ['dbPassword', 'dbPasswordFile', 'dbName', 'dbHost', 'dbPort'] as const
  const alone = parts.find((part) => values[part] !== undefined)
  if (alone === undefined || dbUser !== undefined || databaseUrl !== undefined) return []
  return [`--db-user: missing; ${registrySettings[alone].env} says of which database`]
}

/** A flag's values come with commas between them, too. */
function parseBackends(list: string): readonly ShardBackend[] | undefined {
  const backends = list.split(',').map(parseShardBackend)
  return backends.every((backend) => backend !== undefined) ? backends : undefined
}

/** As OpenTelemetry's variables have them: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
function parsePairs(list: string): Readonly<Record<string, string>> | undefined {
  try {
    const pairs = list.split(',').map((pair) => {
      const equals = pair.indexOf('=')
      const [name, value] = [pair.slice(0, Math.max(0, equals)), pair.slice(equals + 1)]
      return [name.trim(), decodeURIComponent(value.trim())] as const
    })
    return pairs.every(([name]) => name !== '') ? Object.fromEntries(pairs) : undefined
  } catch {
    return undefined // a % that begins no escape
  }
}
