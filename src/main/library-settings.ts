/** What an operator decides about libraries and the people who publish them, wherever these are served. */
import { z } from 'zod'
import type { CrossOrigins } from '#api/cross-origin'
import { type BudgetRule, type BudgetRules, defaultBudgets } from '#api/library/request-budgets'
import { parseBytes } from '#bytes/size'
import { fromBase64url } from '#bytes/text'
import { ed25519KeyBytes } from '#crypto/ed25519'
import type { Accounts } from '#identity/accounts'
import { type AccountSettings, defaultAccountSettings } from '#identity/settings'
import { archiveLimits } from '#library/archive-limits'
import { defaultRules, type RegistryRules } from '#library/parts'
import { defaultScanPolicy, type ScanPolicy } from '#library/scan-policy'
import { parseOrigins } from '#main/listening.config'
import { parseNetworks } from '#main/networks'
import { oneOf, parsedBy, type Setting, type ValuesOf } from '#main/settings'
import { readSignOn } from '#main/sign-on-file'

const mebibyte = 2 ** 20
const fileMebibytesMax = 4_096
const perHourMax = 10_000_000

const text = z.string().min(1)
const switchedOn = parsedBy(
  (word) => ({ true: true, '1': true, on: true, false: false, '0': false, off: false })[word],
  'true or false',
)

function count(least: number, most: number) {
  return parsedBy((digits) => {
    const number = /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN
    return number >= least && number <= most ? number : undefined
  }, `a whole number from ${least} to ${most}`)
}

const perHour = parsedBy<number | 'off'>((digits) => {
  if (digits === 'off') return digits
  const number = /^\d{1,8}$/.test(digits) ? Number(digits) : 0
  return number >= 1 && number <= perHourMax ? number : undefined
}, `requests an hour, from 1 to ${perHourMax}, or off`)

/** `6000/30000`: without a token, and with one. */
const perHourPair = parsedBy<BudgetRule>((pair) => {
  const [anonymous, user, ...more] = pair.split('/').map((one) => perHour.safeParse(one))
  if (anonymous?.success !== true || user?.success !== true || more.length > 0) return undefined
  return { anonymous: anonymous.data, user: user.data }
}, 'requests an hour without a token and with one, such as 6000/30000, each of them a number or off')

function printRule({ anonymous, user }: BudgetRule): string {
  return `${anonymous}/${user}`
}

const countOrOff = parsedBy<number | 'off'>(
  (digits) => (digits === 'off' ? digits : /^\d{1,8}$/.test(digits) ? Number(digits) : undefined),
  'a whole number, or off',
)

const names = parsedBy(
  (list) => list.split(',').map((name) => name.trim()),
  'names, separated by commas',
)

export const librarySettings = {
  proxies: {
    flag: '--proxies <networks>',
    env: 'MYCELIUM_PROXIES',
    file: 'server.proxies',
    help: 'networks of proxies whose X-Forwarded-For is believed where libraries are served, such as 127.0.0.1/32 (default: none)',
    schema: parsedBy(
      parseNetworks,
      'networks such as 10.1.2.0/24, separated by commas: first address and length, none wider than /8 (IPv6: /7)',
    ).optional(),
  },
  url: {
    flag: '--url <address>',
    env: 'REGISTRY_URL',
    file: 'server.url',
    help: 'where people reach it, such as https://libraries.example.org (default: as they ask)',
    schema: parsedBy((address) => {
      const url = URL.parse(address)
      const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === ''
      return isPlain && /^https?:$/.test(url.protocol) ? address.replace(/\/+$/, '') : undefined
    }, 'an address such as https://libraries.example.org').optional(),
  },
  anonymousRead: {
    env: 'ANONYMOUS_READ',
    file: 'security.anonymous_read',
    help: 'whether people without a token may read what is public (default: true)',
    schema: switchedOn.default(true),
  },
  registration: {
    env: 'REGISTRATION',
    file: 'security.registration',
    help: 'who may register: open, invite or closed (default: invite)',
    schema: oneOf(['open', 'invite', 'closed']).default(defaultAccountSettings.registration),
  },
  signOn: {
    flag: '--sign-on <file>',
    env: 'OIDC_CONFIG',
    file: 'security.oidc_config',
    help: 'file with the OpenID providers that people sign in with, and the issuers that vouch for systems which publish',
    schema: text.optional(),
  },
  teams: {
    env: 'TEAM_CREATION',
    file: 'security.team_creation',
    help: 'who may make teams: everybody or admins (default: everybody)',
    schema: oneOf(['everybody', 'admins']).default(defaultAccountSettings.teamsMadeBy),
  },
  passwordCharactersMin: {
    env: 'PASSWORD_MIN_LENGTH',
    file: 'security.password_min_length',
    help: 'characters that a password has at least (default: 8)',
    schema: count(8, 128).default(defaultAccountSettings.passwordCharactersMin),
  },
  reservedNames: {
    env: 'RESERVED_NAMES',
    file: 'security.reserved_names',
    help: 'names that nobody gets beside those that are reserved anyway, with commas between them',
    schema: names.default([]),
  },
  loginHours: {
    env: 'LOGIN_EXPIRY_HOURS',
    file: 'security.login_expiry_hours',
    help: 'how long a sign-in is good (default: 12)',
    schema: count(1, 24 * 30).default(defaultAccountSettings.loginHours),
  },
  tokenDays: {
    env: 'TOKEN_EXPIRY_DAYS',
    file: 'security.token_expiry_days',
    help: 'how long a token is good for which nobody says it (default: 90)',
    schema: count(1, 3_650).default(defaultAccountSettings.tokenDays),
  },
  writeTokenDaysMax: {
    env: 'WRITE_TOKEN_MAX_DAYS',
    file: 'security.write_token_max_days',
    help: 'the longest that a token is good which may change something (default: 90)',
    schema: count(1, 3_650).default(defaultAccountSettings.writeTokenDaysMax),
  },
  crossOrigins: {
    env: 'CORS_ALLOWED_ORIGINS',
    file: 'security.cors_allowed_origins',
    help: 'origins of other web pages that may ask, with commas between them, *, or off (default: off)',
    schema: parsedBy<CrossOrigins>(
      parseOrigins,
      'origins such as https://docs.example.org, separated by commas, or *, or off',
    ).default([]),
  },
  scanPolicy: {
    env: 'SCAN_POLICY',
    file: 'security.scan_policy',
    help: 'what follows from grave findings at most: warn, quarantine or block (default: block)',
    schema: oneOf(['warn', 'quarantine', 'block']).default('block'),
  },
  allowsScripts: {
    env: 'ALLOW_SCRIPTS',
    file: 'security.allow_scripts',
    help: 'whether libraries may hold scripts, which are then flagged (default: false)',
    schema: switchedOn.default(defaultRules.allowsScripts),
  },
  defaultVisibility: {
    env: 'DEFAULT_VISIBILITY',
    file: 'storage.default_visibility',
    help: 'of new libraries for which nobody says it: private or internal (default: private)',
    schema: oneOf(['private', 'internal']).default(defaultRules.defaultVisibility),
  },
  fileMebibytesMax: {
    env: 'STORAGE_MAX_FILE_SIZE_MB',
    file: 'storage.max_file_size_mb',
    help: 'MiB of an archive, as it comes (default: 100)',
    schema: count(1, fileMebibytesMax).default(archiveLimits.packedBytesMax / mebibyte),
  },
  unpackedMebibytesMax: {
    env: 'STORAGE_MAX_UNPACKED_SIZE_MB',
    file: 'storage.max_unpacked_size_mb',
    help: 'MiB of all files of an archive (default: 500)',
    schema: count(1, 4 * fileMebibytesMax).default(archiveLimits.unpackedBytesMax / mebibyte),
  },
  filesMax: {
    env: 'STORAGE_MAX_FILES',
    file: 'storage.max_files',
    help: 'files of an archive (default: 10000)',
    schema: count(1, 1_000_000).default(archiveLimits.filesMax),
  },
  quotaBytes: {
    env: 'QUOTA_BYTES',
    file: 'storage.quota',
    help: 'what a user or team may store, such as 10GiB, or off (default: 10GiB)',
    schema: parsedBy<number | 'off'>(
      (size) => (size === 'off' ? size : parseBytes(size)),
      'a size such as 10GiB, or off',
    ).default(defaultRules.quota.bytes ?? 'off'),
  },
  quotaLibraries: {
    env: 'QUOTA_LIBRARIES',
    file: 'storage.quota_libraries',
    help: 'libraries of a user or team, or off (default: 1000)',
    schema: countOrOff.default(defaultRules.quota.libraries ?? 'off'),
  },
  publishesPerDay: {
    env: 'RATE_LIMIT_PUBLISH_PER_DAY',
    file: 'rate_limit.publish_per_day',
    help: 'versions that a user or team may publish a day, or off (default: 100)',
    schema: countOrOff.default(defaultRules.quota.publishesPerDay ?? 'off'),
  },
  requestsAnonymous: {
    env: 'RATE_LIMIT_ANON',
    file: 'rate_limit.anonymous',
    help: `requests for what is written about libraries, an hour and network, without a token (default: ${defaultBudgets.metadata.anonymous})`,
    schema: perHour.default(defaultBudgets.metadata.anonymous),
  },
  requestsUser: {
    env: 'RATE_LIMIT_AUTH',
    file: 'rate_limit.authenticated',
    help: `the same an hour and token (default: ${defaultBudgets.metadata.user})`,
    schema: perHour.default(defaultBudgets.metadata.user),
  },
  downloadRate: {
    env: 'RATE_LIMIT_DOWNLOAD',
    file: 'rate_limit.download',
    help: `downloads an hour, without a token and with one (default: ${printRule(defaultBudgets.download)})`,
    schema: perHourPair.default(defaultBudgets.download),
  },
  searchRate: {
    env: 'RATE_LIMIT_SEARCH',
    file: 'rate_limit.search',
    help: `searches and comparisons an hour (default: ${printRule(defaultBudgets.search)})`,
    schema: perHourPair.default(defaultBudgets.search),
  },
  authRate: {
    env: 'RATE_LIMIT_LOGIN',
    file: 'rate_limit.login',
    help: `sign-ins, and what else concerns accounts, an hour (default: ${printRule(defaultBudgets.auth)})`,
    schema: perHourPair.default(defaultBudgets.auth),
  },
  publishRate: {
    env: 'RATE_LIMIT_PUBLISH',
    file: 'rate_limit.publish',
    help: `attempts to publish an hour (default: ${printRule(defaultBudgets.publish)})`,
    schema: perHourPair.default(defaultBudgets.publish),
  },
  upstream: {
    flag: '--upstream <origin>',
    env: 'REGISTRY_UPSTREAM',
    file: 'mirror.upstream',
    help: 'a registry whose public libraries are fetched when they are first asked for, such as https://libraries.example.org',
    schema: parsedBy((address) => {
      const url = URL.parse(address)
      return url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/'
        ? url.origin
        : undefined
    }, 'an origin such as https://libraries.example.org').optional(),
  },
  upstreamLibraries: {
    env: 'REGISTRY_UPSTREAM_LIBRARIES',
    file: 'mirror.libraries',
    help: 'which libraries are asked for there, such as @docs/*, with commas between them (default: all of scopes that nobody has here)',
    schema: names.optional(),
  },
  upstreamKeys: {
    env: 'REGISTRY_UPSTREAM_KEYS',
    file: 'mirror.keys',
    help: 'its public keys in base64url, with commas between them (default: those that it tells when it is first asked)',
    schema: parsedBy((list) => {
      const keys = list.split(',').map((key) => fromBase64url(key.trim()))
      return keys.every(({ length }) => length === ed25519KeyBytes) ? keys : undefined
    }, 'keys of 32 bytes in base64url, separated by commas').optional(),
  },
  privateWebhooks: {
    env: 'PRIVATE_WEBHOOKS',
    file: 'security.private_webhooks',
    help: 'whether webhooks may be in a private network, and in clear (default: false)',
    schema: switchedOn.default(false),
  },
  adminUsername: {
    env: 'ADMIN_USERNAME',
    file: 'admin.username',
    help: 'an administrator who is made when there is nobody of that name',
    schema: text.optional(),
  },
  adminEmail: {
    env: 'ADMIN_EMAIL',
    file: 'admin.email',
    help: "that administrator's e-mail address",
    schema: text.optional(),
  },
  adminPassword: {
    env: 'ADMIN_PASSWORD',
    file: 'admin.password',
    help: "that administrator's password; samples are refused",
    isSecret: true,
    schema: text.optional(),
  },
} satisfies Record<string, Setting<unknown>>

export type LibraryConfig = ValuesOf<typeof librarySettings>

/** `main/file-unusable` */
export async function accountSettingsOf(config: LibraryConfig): Promise<AccountSettings> {
  const { registration, passwordCharactersMin, loginHours, tokenDays, writeTokenDaysMax } = config
  return {
    ...defaultAccountSettings,
    ...(await readSignOn(config.signOn)),
    ...{ registration, passwordCharactersMin, loginHours, tokenDays, writeTokenDaysMax },
    teamsMadeBy: config.teams,
    reservedNames: config.reservedNames,
    audiences: config.url === undefined ? [] : [config.url],
  }
}

/** What stands behind this registry, if anything does. */
export function upstreamOf(config: LibraryConfig): UpstreamSettings | undefined {
  const { upstream: origin, upstreamLibraries: globs, upstreamKeys: keys } = config
  if (origin === undefined) return undefined
  return {
    origin,
    ...(globs === undefined ? {} : { globs }),
    ...(keys === undefined ? {} : { keys }),
  }
}

export interface UpstreamSettings {
  readonly origin: string
  readonly globs?: readonly string[]
  readonly keys?: readonly Uint8Array[]
}

export function registryRulesOf(config: LibraryConfig): RegistryRules {
  const { anonymousRead, defaultVisibility, allowsScripts, privateWebhooks } = config
  const { quotaBytes, quotaLibraries, publishesPerDay } = config
  return {
    ...defaultRules,
    ...{ anonymousRead, defaultVisibility, allowsScripts, privateWebhooks },
    archiveLimits: {
      ...archiveLimits,
      packedBytesMax: config.fileMebibytesMax * mebibyte,
      unpackedBytesMax: config.unpackedMebibytesMax * mebibyte,
      filesMax: config.filesMax,
    },
    scanPolicy: softened(defaultScanPolicy, config.scanPolicy),
    quota: {
      ...(quotaBytes === 'off' ? {} : { bytes: quotaBytes }),
      ...(quotaLibraries === 'off' ? {} : { libraries: quotaLibraries }),
      ...(publishesPerDay === 'off' ? {} : { publishesPerDay }),
    },
  }
}

const verdicts = ['pass', 'warn', 'quarantine', 'block'] as const
type Verdict = (typeof verdicts)[number]

/** Nothing worse than `worst` follows from any finding. */
function softened({ bySeverity, byRule }: ScanPolicy, worst: Verdict): ScanPolicy {
  const soften = <Of extends Readonly<Record<string, Verdict>>>(of: Of): Of =>
    Object.fromEntries(
      Object.entries(of).map(([name, verdict]) => [
        name,
        verdicts[Math.min(verdicts.indexOf(verdict), verdicts.indexOf(worst))],
      ]),
    ) as Of // the same names
  return { bySeverity: soften(bySeverity), byRule: soften(byRule) }
}

export function budgetRulesOf(config: LibraryConfig): BudgetRules {
  return {
    metadata: { anonymous: config.requestsAnonymous, user: config.requestsUser },
    download: config.downloadRate,
    search: config.searchRate,
    auth: config.authRate,
    publish: config.publishRate,
  }
}

/** Whether what comes from an address says truly for whom. */
export function isProxyOf({ proxies }: LibraryConfig): (address: string) => boolean {
  return proxies?.include ?? (() => false)
}

/** Some of an administrator is none. */
export function wholeAdmin({
  adminUsername,
  adminEmail,
  adminPassword,
}: Partial<LibraryConfig>): readonly string[] {
  const given = [adminUsername, adminEmail, adminPassword].filter((one) => one !== undefined)
  return given.length === 0 || given.length === 3
    ? []
    : ['ADMIN_USERNAME, ADMIN_EMAIL and ADMIN_PASSWORD come together']
}

/** Whom the settings name, where nobody has that name. The faults of `Registration.ensureAdmin`. */
export async function ensureAdmin(
  { registration }: Pick<Accounts, 'registration'>,
  { adminUsername: username, adminEmail: email, adminPassword: password }: LibraryConfig,
): Promise<void> {
  if (username === undefined || email === undefined || password === undefined) return
  await registration.ensureAdmin({ username, email, password })
}
