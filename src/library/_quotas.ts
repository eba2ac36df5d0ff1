/** What somebody has, and may have. */

import { libraryFault } from '#library/faults'
import type { Quota, Usage } from '#library/model'
import type { LibraryParts } from '#library/parts'
import type { Queryable } from '#sql/sql'

const dayMs = 86_400_000

export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs)
}

/** `2026-11-22`. */
export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10)
}

export async function usageOf(tx: Queryable, owner: string, now: number): Promise<Usage> {
  const [libraries] = await tx.query<{ count: number }>`
    select count(*) as count from library where owner = ${owner}`
  const [versions] = await tx.query<{ count: number; bytes: number; today: number }>`
    select count(*) as count, coalesce(sum(v.bytes), 0) as bytes,
      coalesce(sum(case when v.at >= ${dayOf(now) * dayMs} then 1 else 0 end), 0) as today
    from library l join library_version v on v.library = l.id
    where l.owner = ${owner} and v.state <> 'deleted'`
  return {
    libraries: libraries?.count ?? 0,
    versions: versions?.count ?? 0,
    bytes: versions?.bytes ?? 0,
    publishedToday: versions?.today ?? 0,
  }
}

/** What an administrator has said, else the registry's. */
export async function quotaOf(
  tx: Queryable,
  { rules }: Pick<LibraryParts, 'rules'>,
  owner: string,
): Promise<Quota> {
  const [row] = await tx.query<{ quota: string }>`
    select quota from library_quota where owner = ${owner}`
  return row === undefined ? rules.quota : (JSON.parse(row.quota) as Quota) // put there by us
}

/** `library/quota-exceeded`, with the numbers. */
export async function assertWithinQuota(
  tx: Queryable,
  parts: Pick<LibraryParts, 'rules' | 'world'>,
  added: { readonly owner: string; readonly bytes: number; readonly isNewLibrary: boolean },
): Promise<void> {
  const { owner } = added
  const quota = await quotaOf(tx, parts, owner)
  const usage = await usageOf(tx, owner, parts.world.now())
  const wanted: readonly (readonly [keyof Quota, number])[] = [
    ['bytes', usage.bytes + added.bytes],
    ['libraries', usage.libraries + (added.isNewLibrary ? 1 : 0)],
    ['publishesPerDay', usage.publishedToday + 1],
  ]
  for (const [what, sum] of wanted) {
    const most = quota[what]
    if (most !== undefined && sum > most)
      throw libraryFault('library/quota-exceeded', { owner, what, quota: most, wanted: sum })
  }
}
