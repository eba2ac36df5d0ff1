/** The settings that every program on a data directory shares. */
import { z } from 'zod'
import { isFault } from '#fault/fault'
import { parsedBy, type Rule, type Setting } from '#main/settings'
import { connectionsMaxDefault, parsePostgresAddress } from '#sql/postgres-address'
import { type LogLevel, logLevels } from '#telemetry/log-level'

const text = z.string()
/** Each costs the server a process. */
const connectionsMax = 200

/** For `superRefine`. */
export function checkPostgresUrl(url: string, context: z.RefinementCtx): void {
  try {
    parsePostgresAddress(url)
  } catch (error) {
    if (!isFault(error, 'sql/malformed-address')) throw error
    context.addIssue({ code: 'custom', message: String(error.detail['reason']) })
  }
}

export const storeSettings = {
  data: {
    flag: '--data <directory>',
    env: 'MYCELIUM_DATA',
    help: 'where everything is kept (default: ./data)',
    schema: text.default('./data'),
  },
  databaseUrl: {
    flag: '--database-url <url>',
    env: 'DATABASE_URL',
    help: 'PostgreSQL server with the metadata, instead of a file in the data directory',
    isSecret: true,
    schema: text.superRefine(checkPostgresUrl).optional(),
  },
  databaseReplicaUrl: {
    flag: '--database-replica-url <url>',
    env: 'DATABASE_REPLICA_URL',
    help: 'PostgreSQL server that follows that one, and may answer reads',
    isSecret: true,
    schema: text.superRefine(checkPostgresUrl).optional(),
  },
  databaseConnections: {
    flag: '--database-connections <count>',
    env: 'MYCELIUM_DATABASE_CONNECTIONS',
    help: `connections that read from it, beside the one that writes (default: ${connectionsMaxDefault})`,
    schema: parsedBy((text) => {
      const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
      return count >= 1 && count <= connectionsMax ? count : undefined
    }, `a whole number from 1 to ${connectionsMax}`).default(connectionsMaxDefault),
  },
  masterKey: {
    env: 'MYCELIUM_MASTER_KEY',
    isSecret: true,
    schema: text.optional(),
  },
  masterKeyFile: {
    env: 'MYCELIUM_MASTER_KEY_FILE',
    schema: text.optional(),
  },
  passphrase: {
    env: 'MYCELIUM_PASSPHRASE',
    isSecret: true,
    schema: text.min(12, 'expected at least 12 characters').optional(),
  },
  logLevel: {
    flag: '--log <level>',
    env: 'MYCELIUM_LOG',
    help: `what to log on stderr: ${logLevels.join(', ')} (default: info)`,
    schema: parsedBy<LogLevel>(
      (level) => logLevels.find((known) => known === level),
      `one of ${logLevels.join(', ')}`,
    ).default('info'),
  },
} satisfies Record<string, Setting<unknown>>

/** One way to give the master key is enough; two could disagree. */
export const oneMasterKey: Rule<typeof storeSettings> = (values) => {
  const given = (['masterKey', 'masterKeyFile', 'passphrase'] as const).filter(
    (name) => values[name] !== undefined,
  )
  const names = given.map((name) => storeSettings[name].env)
  return given.length > 1 ? [`${names.join(' and ')}: give only one of them`] : []
}
