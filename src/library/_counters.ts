/** Counts that are kept in memory for a while, and recorded together: reading writes nothing. A crash loses those of the last minute or so. */
import type { ChangeLog } from '#changelog/change'
import { dayOf } from '#library/_quotas'
import type { LibraryChange } from '#library/changes'
import type { World } from '#world/world'

/** Of one change. */
const countsMax = 5_000

export class Counters {
  readonly #changelog: ChangeLog
  readonly #world: World
  readonly #downloads = new Map<number, Map<number, number>>()
  readonly #uses = new Map<number, Map<string, number>>()

  constructor({ changelog, world }: { readonly changelog: ChangeLog; readonly world: World }) {
    this.#changelog = changelog
    this.#world = world
  }

  countDownload(version: number): void {
    add(this.#downloads, this.#today(), version)
  }

  countUse(handle: string): void {
    add(this.#uses, this.#today(), handle)
  }

  /** What it took, it has recorded; when it fails, they wait for the next time. */
  async flush(): Promise<void> {
    const downloads = takeAll(this.#downloads)
    const uses = takeAll(this.#uses)
    try {
      for (; downloads.length > 0; downloads.splice(0, countsMax)) {
        const some = downloads.slice(0, countsMax)
        const counts = some.map(([day, version, count]) => [version, day, count] as const)
        await this.#record({ kind: 'library/counted', counts })
      }
      for (; uses.length > 0; uses.splice(0, countsMax)) {
        const some = uses.slice(0, countsMax)
        const told = some.map(([day, handle, count]) => [handle, day, count] as const)
        await this.#record({ kind: 'library/used', uses: told })
      }
    } catch (error) {
      for (const [day, version, count] of downloads) add(this.#downloads, day, version, count)
      for (const [day, handle, count] of uses) add(this.#uses, day, handle, count)
      throw error
    }
  }

  async #record(change: LibraryChange): Promise<void> {
    await this.#changelog.commit((tx) => tx.record(change))
  }

  #today(): number {
    return dayOf(this.#world.now())
  }
}

function add<Key>(days: Map<number, Map<Key, number>>, day: number, key: Key, count = 1): void {
  const counts = days.get(day) ?? new Map<Key, number>()
  days.set(day, counts)
  counts.set(key, (counts.get(key) ?? 0) + count)
}

function takeAll<Key>(days: Map<number, Map<Key, number>>): [number, Key, number][] {
  const taken = [...days].flatMap(([day, counts]) =>
    [...counts].map(([key, count]): [number, Key, number] => [day, key, count]),
  )
  days.clear()
  return taken
}
