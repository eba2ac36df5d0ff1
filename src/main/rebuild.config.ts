import { type Given, isGiven, readSettings, type ValuesOf } from '#main/settings'
import { oneMasterKey, storeSettings } from '#main/store.config'

export const rebuildSettings = {
  ...storeSettings,
  acceptLoss: {
    flag: '--accept-loss',
    help: 'rebuild although so many nodes are absent that the newest changes may be lost',
    schema: isGiven,
  },
}
export type RebuildConfig = ValuesOf<typeof rebuildSettings>

/** `main/mistaken-settings`: all mistakes at once. */
export function readRebuildConfig(given: Given): RebuildConfig {
  return readSettings(rebuildSettings, given, [oneMasterKey])
}
