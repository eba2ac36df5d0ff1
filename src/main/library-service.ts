/** What whoever serves libraries is given, and gives. */
import type { CrossOrigins } from '#api/cross-origin'
import type { RequestBudgets } from '#api/library/request-budgets'
import type { RateLimits } from '#api/rate-limits'
import type { AuditLog } from '#audit/audit-log'
import type { ChangeLog } from '#changelog/change'
import type { HttpHandler } from '#http/message'
import type { Accounts } from '#identity/accounts'
import type { Keyring } from '#keyring/keyring'
import type { ArchiveStore } from '#library/archive-store'
import type { Libraries } from '#library/libraries'
import type { RegistryRules } from '#library/parts'
import type { UpstreamSettings } from '#main/library-settings'
import type { Queryable } from '#sql/sql'
import type { LibraryFigures } from '#telemetry/library-metrics'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** What libraries stand on. */
export interface LibraryGround {
  /** The change log's database. */
  readonly sql: Queryable
  readonly changelog: ChangeLog
  readonly keyring: Keyring
  readonly accounts: Accounts
  readonly archives: ArchiveStore
}

export interface LibraryServiceOptions extends LibraryGround {
  readonly rules: RegistryRules
  /** What is fetched from another registry when it is first asked for. */
  readonly upstream?: UpstreamSettings | undefined
  readonly auditLog: AuditLog | undefined
  readonly budgets: RequestBudgets
  readonly rates: RateLimits
  /** Where people reach it, without a slash at the end. */
  readonly publicUrl: string | undefined
  readonly crossOrigins: CrossOrigins
  readonly isProxy: (address: string) => boolean
  readonly world: World
  readonly telemetry: Telemetry
}

export interface LibraryService extends AsyncDisposable {
  readonly libraries: Libraries
  /** Answers everything below `/api/v1`. */
  readonly api: HttpHandler
  /** Answers everything else: pages for people. */
  readonly pages: HttpHandler
  figures(): Promise<LibraryFigures>
}
