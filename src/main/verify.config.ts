import { type Given, isGiven, readSettings, type ValuesOf } from '#main/settings'
import { oneMasterKey, storeSettings } from '#main/store.config'
import { upSettings } from '#main/up.config'

export const verifySettings = {
  ...storeSettings,
  chunkBytes: upSettings.chunkBytes,
  deep: {
    flag: '--deep',
    help: 'read every object too, and compare it with its ETag',
    schema: isGiven,
  },
  json: { flag: '--json', help: 'print one JSON document', schema: isGiven },
}
export type VerifyConfig = ValuesOf<typeof verifySettings>

/** `main/mistaken-settings`: all mistakes at once. */
export function readVerifyConfig(given: Given): VerifyConfig {
  return readSettings(verifySettings, given, [oneMasterKey])
}
