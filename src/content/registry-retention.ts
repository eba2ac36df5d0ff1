/** Forgets manifests that are older than somebody wants to keep them. Of several processes on one database, one does it at a time. */

import type { Registry } from '#content/registry'
import { isFault } from '#fault/fault'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** A pass an hour: what is kept in days need not go to the minute. */
const passMs = 3_600_000
/** One transaction's worth: with the largest manifests some hundred MB of log. */
const most = 200

/** From now on, until it is disposed of, which waits for the transaction under way. */
export function startRetention(
  registry: Pick<Registry, 'removeOlder'>,
  {
    days,
    world,
    telemetry,
  }: {
    readonly days: number
    readonly world: World
    readonly telemetry: Pick<Telemetry, 'note'>
  },
): AsyncDisposable {
  const stop = new AbortController()
  const { signal } = stop
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await pass().catch((error: unknown) =>
        telemetry.note(isFault(error) ? 'warn' : 'error', 'old manifests were not removed', {
          error,
        }),
      )
      await world.sleep(passMs, { signal }).catch(() => {}) // aborted: the condition sees it
    }
  }
  const pass = async (): Promise<void> => {
    let sum = 0
    let removed: number | undefined
    do {
      removed = await registry.removeOlder({ days, most })
      sum += removed ?? 0
    } while (removed === most && !signal.aborted)
    if (sum > 0) telemetry.note('info', 'old manifests removed', { manifests: sum, days })
  }
  const running = run()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}
