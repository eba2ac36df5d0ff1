import { wholeCertificate } from '#main/listening.config'
import { type Given, readSettings, type ValuesOf } from '#main/settings'
import { storeSettings } from '#main/store.config'
import { heroRedisPortDefault, upSettings } from '#main/up.config'

export const heroRedisSettings = {
  data: storeSettings.data,
  host: upSettings.host,
  heroRedisPort: {
    ...upSettings.heroRedisPort,
    help: `port to listen on (default: ${heroRedisPortDefault}, or the next free one)`,
  },
  tlsCertificate: {
    ...upSettings.tlsCertificate,
    help: 'certificate with those above it, in PEM: the port speaks TLS 1.3 then',
  },
  tlsKey: upSettings.tlsKey,
  failures: {
    ...upSettings.failures,
    help: 'most wrong logins a second from one address of another machine, or "off" (default: 10:100)',
  },
  logLevel: storeSettings.logLevel,
}
export type HeroRedisConfig = ValuesOf<typeof heroRedisSettings>

/** `main/mistaken-settings`: all mistakes at once. */
export function readHeroRedisConfig(given: Given): HeroRedisConfig {
  return readSettings(heroRedisSettings, given, [wholeCertificate])
}
