import { z } from 'zod'
import { type Given, type Rule, readSettings, type ValuesOf } from '#main/settings'
import { checkPostgresUrl, storeSettings } from '#main/store.config'

/** `file` is the one in the data directory. */
const place = z
  .string('expected file, or the address of a PostgreSQL database')
  .superRefine((text, context) => {
    if (text !== 'file') checkPostgresUrl(text, context)
  })

const { data, databaseConnections, logLevel } = storeSettings

export const migrateSettings = {
  data,
  databaseConnections,
  logLevel,
  from: {
    flag: '--from <database>',
    env: 'MYCELIUM_MIGRATE_FROM',
    help: 'where the metadata is: file, or the address of a PostgreSQL database',
    isSecret: true,
    schema: place,
  },
  to: {
    flag: '--to <database>',
    env: 'MYCELIUM_MIGRATE_TO',
    help: 'where it shall be; there must be nothing yet',
    isSecret: true,
    schema: place,
  },
}
export type MigrateConfig = ValuesOf<typeof migrateSettings>

const twoPlaces: Rule<typeof migrateSettings> = ({ from, to }) =>
  from !== undefined && from === to ? ['--from and --to: give two different databases'] : []

/** `main/mistaken-settings`: all mistakes at once. */
export function readMigrateConfig(given: Given): MigrateConfig {
  return readSettings(migrateSettings, given, [twoPlaces])
}
