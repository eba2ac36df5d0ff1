/** Figures, of what whoever asks may read. */
import type { Actor } from '#identity/actor'
import { allOf, type Clause, clause, run } from '#library/_clauses'
import { dateOf, dayOf } from '#library/_quotas'
import { assertLetIn, reading, refOf } from '#library/_rows'
import { visibleTo } from '#library/_visible'
import { libraryFault } from '#library/faults'
import type { ApiUse, DownloadStatistics, LibraryStatistics } from '#library/model'
import type { LibraryParts } from '#library/parts'
import { mayAdminister } from '#library/rights'

const daysDefault = 30
const daysMax = 366
const topMax = 20
const tagsMax = 50

export async function downloads(
  parts: LibraryParts,
  actor: Actor,
  {
    scope,
    name,
    days = daysDefault,
  }: { readonly scope?: string; readonly name?: string; readonly days?: number },
): Promise<DownloadStatistics> {
  assertLetIn(parts, actor)
  const first = firstDay(parts, days)
  const conditions = allOf([
    clause`d.day >= ${first}`,
    visibleTo(actor),
    ...(scope === undefined ? [] : [clause`l.scope = ${scope}`]),
    ...(name === undefined ? [] : [clause`l.name = ${name}`]),
  ])
  const tables = clause`library_download d join library_version v on v.id = d.version join library l on l.id = v.library`
  return await reading(parts, async (sql) => {
    const byDay = await run<{ day: number; count: number }>(
      sql,
      clause`select d.day, sum(d.count) as count from ${tables} where ${conditions} group by d.day`,
    )
    const top = await run<{ scope: string; name: string; count: number }>(
      sql,
      clause`select l.scope, l.name, sum(d.count) as count from ${tables} where ${conditions}
        group by l.id, l.scope, l.name order by count desc, l.scope, l.name limit ${topMax}`,
    )
    const counts = new Map(byDay.map(({ day, count }) => [day, count]))
    return {
      total: byDay.reduce((sum, { count }) => sum + count, 0),
      days: Array.from({ length: days }, (_, index) => ({
        date: dateOf(first + index),
        count: counts.get(first + index) ?? 0,
      })),
      top: top.map((row) => ({ ...refOf(row), downloads: row.count })),
    }
  })
}

function firstDay({ world }: LibraryParts, days: number): number {
  if (!Number.isSafeInteger(days) || days < 1 || days > daysMax)
    throw libraryFault('library/malformed-query', { field: 'days', reason: `1 to ${daysMax}` })
  return dayOf(world.now()) - days + 1
}

export async function statistics(parts: LibraryParts, actor: Actor): Promise<LibraryStatistics> {
  assertLetIn(parts, actor)
  const conditions = allOf([clause`l.shown is not null`, visibleTo(actor)])
  const one = async (statement: Clause): Promise<{ count: number; bytes: number }> => {
    const [row] = await run<{ count: number; bytes: number }>(parts.sql, statement)
    return row ?? { count: 0, bytes: 0 }
  }
  return await reading(parts, async (sql) => {
    const libraries = await one(
      clause`select count(*) as count, 0 as bytes from library l where ${conditions}`,
    )
    const versions = await one(
      clause`select count(*) as count, coalesce(sum(v.bytes), 0) as bytes
        from library_version v join library l on l.id = v.library where v.state = 'live' and ${conditions}`,
    )
    const tags = await run<{ tag: string; count: number }>(
      sql,
      clause`select t.tag, count(*) as count from library_tag t join library l on l.id = t.library
        where ${conditions} group by t.tag order by count desc, t.tag limit ${tagsMax}`,
    )
    return {
      libraries: libraries.count,
      versions: versions.count,
      bytes: versions.bytes,
      tags: tags.map(({ tag, count }) => ({ tag, count })),
    }
  })
}

/** `library/denied`: of others, to administrators only. */
export async function use(
  parts: LibraryParts,
  actor: Actor,
  { handle, days = daysDefault }: { readonly handle?: string; readonly days?: number },
): Promise<readonly ApiUse[]> {
  if (actor.kind === 'anonymous') throw libraryFault('library/sign-in-needed')
  const isOwn =
    handle !== undefined && (handle === actor.handle || actor.teams.get(handle) === 'admin')
  if (!isOwn && !mayAdminister(actor)) throw libraryFault('library/denied')
  const first = firstDay(parts, days)
  const ofWhom = handle === undefined ? [] : [clause`handle = ${handle}`]
  const rows = await reading(parts, (sql) =>
    run<{ handle: string; day: number; count: number }>(
      sql,
      clause`select handle, day, count from library_use where ${allOf([clause`day >= ${first}`, ...ofWhom])}
        order by day, handle limit 10000`,
    ),
  )
  return rows.map((row) => ({ handle: row.handle, date: dateOf(row.day), requests: row.count }))
}
