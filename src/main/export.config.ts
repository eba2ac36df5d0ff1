import { z } from 'zod'
import { type Given, isGiven, readSettings, type ValuesOf } from '#main/settings'
import { oneMasterKey, storeSettings } from '#main/store.config'
import { upSettings } from '#main/up.config'

export const exportSettings = {
  ...storeSettings,
  chunkBytes: upSettings.chunkBytes,
  to: {
    flag: '--to <directory>',
    help: 'where to write; made when it is not there',
    schema: z.string({ error: 'name a directory' }),
  },
  bucket: { flag: '--bucket <name>', help: 'only this bucket', schema: z.string().optional() },
  prefix: {
    flag: '--prefix <text>',
    help: 'only keys that begin so',
    schema: z.string().default(''),
  },
  shards: {
    flag: '--shards',
    help: 'write shards as CYXC records instead of objects',
    schema: isGiven,
  },
}
export type ExportConfig = ValuesOf<typeof exportSettings>

/** `main/mistaken-settings`: all mistakes at once. */
export function readExportConfig(given: Given): ExportConfig {
  return readSettings(exportSettings, given, [oneMasterKey])
}
