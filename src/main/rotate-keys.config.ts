import { z } from 'zod'
import { type Given, isGiven, type Rule, readSettings, type ValuesOf } from '#main/settings'
import { oneMasterKey, storeSettings } from '#main/store.config'

export const rotateSettings = {
  ...storeSettings,
  newMasterKey: { env: 'MYCELIUM_NEW_MASTER_KEY', isSecret: true, schema: z.string().optional() },
  newPassphrase: {
    env: 'MYCELIUM_NEW_PASSPHRASE',
    isSecret: true,
    schema: z.string().min(12, 'expected at least 12 characters').optional(),
  },
  generation: {
    flag: '--generation',
    help: 'begin a new generation key too: new objects are sealed under it',
    schema: isGiven,
  },
}
export type RotateConfig = ValuesOf<typeof rotateSettings>

const oneNewKey: Rule<typeof rotateSettings> = ({ newMasterKey, newPassphrase }) =>
  newMasterKey !== undefined && newPassphrase !== undefined
    ? ['MYCELIUM_NEW_MASTER_KEY and MYCELIUM_NEW_PASSPHRASE: give only one of them']
    : []

/** `main/mistaken-settings`: all mistakes at once. */
export function readRotateConfig(given: Given): RotateConfig {
  return readSettings(rotateSettings, given, [oneMasterKey, oneNewKey])
}
