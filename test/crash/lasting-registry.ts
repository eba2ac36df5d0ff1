/** A registry of libraries in a directory that outlives its process: a database file and archives beside it. */
import { join } from 'node:path'
import { openSharedChangeLog } from '#changelog/open-shared-change-log'
import { beginSharedLog } from '#changelog/shared-state'
import { openRealDisk } from '#disk/real'
import { createKeyring } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { archiveLimits } from '#library/archive-limits'
import { directoryArchives } from '#library/directory-archives'
import { openLibraries } from '#library/open-libraries'
import { defaultRules } from '#library/parts'
import { defaultScanPolicy } from '#library/scan-policy'
import { libraryRoom } from '#library/tables'
import type { SharedSql } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { type SystemWorldOptions, systemWorld } from '#world/system'
import type { World } from '#world/world'
import { user } from '../library/registry.ts'

/** The same in every life. */
const master = new Uint8Array(32).fill(7)

export const publisher = user('ada')

export async function openLasting(
  directory: string,
  { aheadMs = 0, ...options }: SystemWorldOptions & { readonly aheadMs?: number } = {},
) {
  const system = systemWorld(options)
  const world = { ...system, now: () => system.now() + aheadMs }
  const sql = openSqlite({ path: join(directory, 'libraries.sqlite'), telemetry })
  const registry = await openOn(sql, { directory, world })
  return {
    ...registry,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      await sql.close()
    },
  }
}

/** On a database of somebody else's. */
export async function openOn(
  sql: SharedSql,
  { directory, world }: { readonly directory: string; readonly world: World },
) {
  const keyring = openKeyring(await beginSharedLog(sql, createKeyring({ master, world })), master)
  const changelog = await openSharedChangeLog({ sql, rooms: [libraryRoom], world })
  const disk = openRealDisk(join(directory, 'archives'))
  const archives = directoryArchives({ disk, name: directory, world })
  const libraries = await openLibraries({
    ...{ sql, changelog, archives, keyring, world, telemetry },
    scopes: { find: async () => ({ kind: 'user' }) },
    rules: { ...defaultRules, quota: {}, archiveLimits, scanPolicy: defaultScanPolicy },
  })
  return {
    libraries,
    archives,
    disk,
    async [Symbol.asyncDispose]() {
      await libraries[Symbol.asyncDispose]()
      await changelog.close()
    },
  }
}
