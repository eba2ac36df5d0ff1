import type { ChangeLog } from '#changelog/change'
import type { Keyring } from '#keyring/keyring'
import type { ArchiveLimits } from '#library/archive-limits'
import type { ArchiveStore } from '#library/archive-store'
import type { Quota, Visibility } from '#library/model'
import type { ScanPolicy } from '#library/scan-policy'
import type { Queryable } from '#sql/sql'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** What libraries stand on. */
export interface LibraryParts {
  /** Reads, of what is committed. */
  readonly sql: Queryable
  readonly changelog: ChangeLog
  readonly archives: ArchiveStore
  /** Seals the keys that sign. */
  readonly keyring: Keyring
  readonly scopes: Scopes
  readonly rules: RegistryRules
  readonly world: World
  readonly telemetry: Pick<Telemetry, 'note'>
}

/** Who has which handle: identity's. */
export interface Scopes {
  /** `undefined` when nobody has it. */
  find(handle: string): Promise<Scope | undefined>
}

export interface Scope {
  readonly kind: 'user' | 'team'
  /** Of new libraries, where somebody has said so. */
  readonly defaultVisibility?: Visibility
}

/** What whoever runs the registry has decided. */
export interface RegistryRules {
  /** Whether people without a token may read what is public. */
  readonly anonymousRead: boolean
  /** Of libraries of scopes that say nothing. Never `public`: that is confirmed each time. */
  readonly defaultVisibility: Exclude<Visibility, 'public'>
  readonly archiveLimits: ArchiveLimits
  readonly allowsScripts: boolean
  readonly scanPolicy: ScanPolicy
  /** Of each user and team, where an administrator has said nothing else. */
  readonly quota: Quota
  /** Whether webhooks may be on this machine or in a private network, and in clear. */
  readonly privateWebhooks?: boolean
  /** How long a version may be removed by who may yank it. */
  readonly removalWindowMs: number
  /** What rests for no version is kept for so long: longer than any publishing takes. */
  readonly graceMs: number
}

const hourMs = 3_600_000
const gibibyte = 2 ** 30

export const defaultRules: Omit<RegistryRules, 'archiveLimits' | 'scanPolicy'> = {
  anonymousRead: true,
  defaultVisibility: 'private',
  allowsScripts: false,
  quota: { bytes: 10 * gibibyte, libraries: 1_000, publishesPerDay: 100 },
  removalWindowMs: 72 * hourMs,
  graceMs: 24 * hourMs,
}
