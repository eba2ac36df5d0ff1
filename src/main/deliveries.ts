/** What a store delivers while it is up. */
import { replicationRights } from '#api/s3/replication-rights'
import { Dispatcher } from '#delivery/dispatcher'
import type { OpenedStore } from '#main/store'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface Deliveries extends AsyncDisposable {
  readonly dispatcher: Dispatcher
}

/** Disposing ends what is on its way; it is delivered again later. */
export function startDeliveries(
  { sql, changelog, targets, objects, accounts }: OpenedStore,
  options: {
    readonly giveUpMs: number
    readonly root: string
    readonly world: World
    readonly telemetry: Telemetry
  },
): Deliveries {
  const mayReplicate = replicationRights({ accounts, root: options.root })
  const dispatcher = new Dispatcher({
    ...{ sql, changelog, targets, objects, mayReplicate },
    openOutlet: async (...target) => (await import('#delivery/open-outlet')).openOutlet(...target),
    ...options,
  })
  const stop = new AbortController()
  const running = dispatcher.run(stop.signal)
  return {
    dispatcher,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}
