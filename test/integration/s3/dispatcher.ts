/** What delivers for a server of tests, as long as one runs it. */
import { replicationRights } from '#api/s3/replication-rights'
import { Dispatcher, type DispatcherParts } from '#delivery/dispatcher'
import { openOutlet } from '#delivery/open-outlet'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { owner, type S3Server } from './s3-server.ts'

const dayMs = 86_400_000

/** Tries for a day before it gives up, unless told otherwise. */
export function dispatcherOf(
  { store, accounts }: S3Server,
  more: Partial<DispatcherParts> = {},
): Dispatcher {
  const { sql, changelog, targets, objects, world } = store
  const mayReplicate = replicationRights({ accounts, root: owner.id })
  const ground = { sql, changelog, targets, objects, mayReplicate, world, telemetry }
  return new Dispatcher({
    ...{ ...ground, giveUpMs: dayMs, root: owner.id },
    openOutlet: async (...target) => openOutlet(...target),
    ...more,
  })
}
