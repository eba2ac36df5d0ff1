/** What a store does by itself while it is up: watch nodes, repair, take snapshots, collect garbage. */

import { SnapshotClock } from '#main/snapshot-clock'
import { snapshot } from '#main/snapshots'
import type { OpenedStore } from '#main/store'
import type { TimeOfDay } from '#main/units'
import { compact, mergePacks } from '#repair/compactor'
import { scrub } from '#repair/scrub'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface BackgroundSettings {
  /** Once a day; `collectEveryMs`, when given, instead. */
  readonly collectAt: TimeOfDay | 'off'
  readonly collectEveryMs: number | undefined
  readonly collectRate: number
  readonly collectGraceMs: number
  readonly snapshotMs: number
  readonly scrubMs: number
  readonly scrubRate: number
  /** What lifecycle rules' days are taken for. */
  readonly lifecycleDayMs: number
}

/** How often it is asked whether a snapshot is due. */
const snapshotLookMs = 5_000
/** How often shards are looked for that are not where they should be, beside what damage and lost nodes tell at once. */
const inventoryMs = 6 * 3_600_000
/** How often packs that were closed almost empty are looked for. */
const mergePacksMs = 60_000
/** Lifecycle passes: the first one after a start, and the least time between two. */
const lifecycleFirstMs = 60_000
const lifecycleMsMin = 1_000

/** Begins all of it. Disposing stops it and waits until nothing of it is under way. */
export function startBackground(
  store: OpenedStore,
  {
    settings,
    world,
    telemetry,
  }: {
    readonly settings: BackgroundSettings
    readonly world: World
    readonly telemetry: Telemetry
  },
): AsyncDisposable {
  const stop = new AbortController()
  const { signal } = stop
  const repeat = (
    name: string,
    delayMs: () => number,
    work: () => Promise<unknown>,
  ): Promise<void> => repeatUntilStopped({ name, delayMs, work, signal, world, telemetry })
  const clock = new SnapshotClock({
    everyMs: settings.snapshotMs,
    monotonic: () => world.monotonic(),
    committed: () => store.changelog.committed(),
    copies: () => store.changelogOptions.replicas(),
  })
  store.cluster.onChange(({ node }) => {
    if (node.state === 'down') clock.nodeLost()
  })
  // What was lost before the start was lost all the same, and a directory made anew holds none of the log.
  const isWhole = store.cluster.nodes().every(({ state }) => state === 'up')
  if (!isWhole || store.isLogThin) clock.nodeLost()
  store.repairer.start()
  const running = [
    store.cluster.watch({ signal }),
    store.repairer.takeInventory(),
    repeat(
      'inventory',
      () => inventoryMs,
      () => store.repairer.takeInventory(),
    ),
    repeat(
      'snapshot',
      () => Math.min(settings.snapshotMs, snapshotLookMs),
      async () => {
        // A snapshot retires the former one, which nodes that are away may build upon.
        if (!clock.isDue() || store.changelog.witnessesMissing().length > 0) return
        const taken = clock.begin()
        const { recorded } = await snapshot(store, { signal })
        taken(recorded)
      },
    ),
    repeat(
      'scrub',
      () => settings.scrubMs,
      () => scrub({ ...store, world }, { bytesPerSecond: settings.scrubRate, signal }),
    ),
    repeat(
      'merging of packs',
      () => mergePacksMs,
      () => mergePacks(store, { signal }),
    ),
    repeat('lifecycle', lifecycleDelay(settings), () =>
      store.runLifecycle({ engineDayMs: settings.lifecycleDayMs, telemetry, signal }),
    ),
    ...startCollection(settings, { store, repeat, signal, world }),
  ]
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await store.repairer.close() // ends a long inventory too
      await Promise.allSettled(running)
    },
  }
}

/** Soon after the start, and then eight times a day: rules speak of whole days, and end at midnight. */
function lifecycleDelay({ lifecycleDayMs }: BackgroundSettings): () => number {
  const betweenMs = Math.max(lifecycleMsMin, lifecycleDayMs / 8)
  let delayMs = Math.min(betweenMs, lifecycleFirstMs)
  return () => {
    const now = delayMs
    delayMs = betweenMs
    return now
  }
}

/**
 * Garbage must be seen twice, a grace time apart: the daily run looks, and looks again when the grace is over. A run that comes often
 * looks once, and finds what the former ones have seen.
 */
function startCollection(
  { collectAt, collectEveryMs, collectRate, collectGraceMs }: BackgroundSettings,
  {
    store,
    repeat,
    signal,
    world,
  }: {
    readonly store: OpenedStore
    readonly repeat: (
      name: string,
      delayMs: () => number,
      work: () => Promise<unknown>,
    ) => Promise<void>
    readonly signal: AbortSignal
    readonly world: World
  },
): readonly Promise<void>[] {
  const name = 'garbage collection'
  const run = async (): Promise<void> => {
    await compact(store, { signal })
    await collect()
  }
  const collect = (): Promise<unknown> =>
    store.collector.collect({ graceMs: collectGraceMs, deleteBytesPerSecond: collectRate, signal })
  if (collectEveryMs !== undefined) return [repeat(name, () => collectEveryMs, run)]
  if (collectAt === 'off') return []
  const daily = async (): Promise<void> => {
    await run()
    await world.sleep(collectGraceMs + 1_000, { signal })
    await collect()
  }
  return [repeat(name, () => msUntil(collectAt, new Date(world.now())), daily)]
}

/** Milliseconds until the clock next shows this time, in the machine's time zone. */
export function msUntil({ hour, minute }: TimeOfDay, now: Date): number {
  const next = new Date(now)
  next.setHours(hour, minute, 0, 0)
  if (next <= now) next.setDate(next.getDate() + 1)
  return next.getTime() - now.getTime()
}

/** Until the signal; what fails is told, and tried again when its time has come. */
export async function repeatUntilStopped({
  name,
  delayMs,
  work,
  signal,
  world,
  telemetry,
}: {
  readonly name: string
  readonly delayMs: () => number
  readonly work: () => Promise<unknown>
  readonly signal: AbortSignal
  readonly world: World
  readonly telemetry: Telemetry
}): Promise<void> {
  while (!signal.aborted) {
    await world.sleep(delayMs(), { signal }).catch(() => {})
    if (signal.aborted) return
    try {
      await work()
    } catch (error) {
      if (!signal.aborted) telemetry.note('warn', `${name} failed`, { error: String(error) })
    }
  }
}
