/** Facts of several libraries at once, in the order asked for. */
import { clause, joined, run } from '#library/_clauses'
import { factsOf } from '#library/_rows'
import type { LibraryRow } from '#library/changes'
import type { LibraryFacts } from '#library/model'
import type { Queryable } from '#sql/sql'

export interface FoundFacts {
  readonly id: number
  /** Version whose words it is found by. */
  readonly shown: number
  readonly facts: LibraryFacts
}

type Row = LibraryRow & { readonly manifest: string; readonly latest_version: string | null }

export async function hitsOf(
  sql: Queryable,
  ids: readonly number[],
): Promise<readonly FoundFacts[]> {
  if (ids.length === 0) return []
  const list = joined(
    ids.map((id) => clause`${id}`),
    clause`, `,
    clause``,
  )
  const rows = await run<Row>(
    sql,
    clause`select l.*, s.manifest, v.version as latest_version from library l
      join library_version s on s.id = l.shown left join library_version v on v.id = l.latest
      where l.id in (${list})`,
  )
  const tags = await run<{ library: number; tag: string; version: string }>(
    sql,
    clause`select t.library, t.tag, t.version from library_dist_tag t
      join library_version v on v.library = t.library and v.version = t.version
      where t.library in (${list}) and v.state = 'live' order by t.tag`,
  )
  return ids.flatMap((id) => {
    const row = rows.find((one) => one.id === id)
    if (row === undefined || row.shown === null) return [] // it went while we looked
    const own = tags.filter(({ library }) => library === id)
    const facts = factsOf(row, {
      manifest: row.manifest,
      distTags: Object.fromEntries(own.map(({ tag, version }) => [tag, version])),
      latest: row.latest_version ?? undefined,
    })
    return [{ id, shown: row.shown, facts }]
  })
}
