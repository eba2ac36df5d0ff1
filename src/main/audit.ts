/** The audit log of a store that is up, as its settings have it. */
import { type AuditLog, openAuditLog } from '#audit/audit-log'
import { auditStream } from '#audit/audit-stream'
import { type AuditScope, isAudited } from '#audit/entry'
import { FreeSpace } from '#disk/free-space'
import { openRealDisk } from '#disk/real'
import type { OpenDataDirectory } from '#main/data-directory'
import type { RequestEnded, Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface Audit extends AsyncDisposable {
  /** What can be shown and verified: files of this store. */
  readonly log: AuditLog | undefined
  take(ended: RequestEnded): void
}

export async function openAudit(
  { audit: directory }: Pick<OpenDataDirectory, 'audit'>,
  {
    config: { audit, auditTo },
    print,
    world,
    telemetry,
  }: {
    readonly config: { readonly audit: AuditScope | 'off'; readonly auditTo: 'file' | 'stdout' }
    readonly print: (text: string) => void
    readonly world: World
    readonly telemetry: Telemetry
  },
): Promise<Audit> {
  if (audit === 'off') return { log: undefined, take() {}, async [Symbol.asyncDispose]() {} }
  const disk = openRealDisk(directory)
  const space = new FreeSpace(world, () => disk.capacity(), { isForLogs: true })
  const log =
    auditTo === 'file' ? await openAuditLog({ directory, space, world, telemetry }) : undefined
  const target = log ?? auditStream(print, world)
  return {
    log,
    take(ended) {
      if (isAudited(ended, audit)) target.take(ended)
    },
    async [Symbol.asyncDispose]() {
      await log?.[Symbol.asyncDispose]()
    },
  }
}
