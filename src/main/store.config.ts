/** The settings that every program on a data directory shares. */
import { z } from 'zod'
import { parsedBy, type Rule, type Setting } from '#main/settings'
import { type LogLevel, logLevels } from '#telemetry/log'

const text = z.string()

export const storeSettings = {
  data: {
    flag: '--data <directory>',
    env: 'MYCELIUM_DATA',
    help: 'where everything is kept (default: ./data)',
    schema: text.default('./data'),
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
