import { type Given, readSettings, type ValuesOf } from '#main/settings'
import { oneMasterKey, storeSettings } from '#main/store.config'
import { upSettings } from '#main/up.config'

export const gcSettings = {
  ...storeSettings,
  chunkBytes: upSettings.chunkBytes,
  collectRate: upSettings.collectRate,
}
export type GcConfig = ValuesOf<typeof gcSettings>

/** `main/mistaken-settings`: all mistakes at once. */
export function readGcConfig(given: Given): GcConfig {
  return readSettings(gcSettings, given, [oneMasterKey])
}
