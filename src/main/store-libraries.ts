/** The libraries of `mycelium up`: in the store, on its HTTP port. */
import { OwnBudgets } from '#api/library/request-budgets'
import { openRateTables, RateLimits } from '#api/rate-limits'
import type { AuditLog } from '#audit/audit-log'
import { isLoopback } from '#http/peer'
import { openObjectArchives } from '#library/object-archives'
import type { LibraryService } from '#main/library-service'
import {
  budgetRulesOf,
  ensureAdmin,
  isProxyOf,
  registryRulesOf,
  upstreamOf,
} from '#main/library-settings'
import { libraryBucket, openLibraryService } from '#main/serve-libraries'
import type { OpenedStore } from '#main/store'
import type { UpConfig } from '#main/up.config'
import { parseBucketName } from '#object/names'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export async function openStoreLibraries(
  { sql, changelog, keys: { keyring }, accounts, objects }: OpenedStore,
  {
    config,
    auditLog,
    world,
    telemetry,
  }: {
    readonly config: UpConfig
    readonly auditLog: AuditLog | undefined
    readonly world: World
    readonly telemetry: Telemetry
  },
): Promise<LibraryService> {
  await ensureAdmin(accounts, config)
  const bucket = parseBucketName(libraryBucket)
  return await openLibraryService({
    ...{ sql, changelog, keyring, accounts, auditLog, world, telemetry },
    archives: await openObjectArchives({ objects, bucket, world }),
    rules: registryRulesOf(config),
    upstream: upstreamOf(config),
    budgets: new OwnBudgets(budgetRulesOf(config), { world, isExempt: isLoopback }),
    rates: new RateLimits(openRateTables({ failures: config.failures }, world), { world }),
    publicUrl: config.url,
    crossOrigins: config.crossOrigins,
    isProxy: isProxyOf(config),
  })
}
