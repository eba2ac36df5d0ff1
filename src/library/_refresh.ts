/** What a library shows follows from its versions and tags: which one is `latest`, whose description it has, what it is found by. */
import { isDeepStrictEqual } from 'node:util'
import type { ChangeLog } from '#changelog/change'
import { indexLibrary, searchRowOf, unindexLibrary } from '#library/_search-index'
import type { LibraryRow } from '#library/changes'
import { manifestFromJson } from '#library/manifest'
import type { Queryable } from '#sql/sql'

/** Nothing when there is no such library (yet). */
export async function refreshLibrary(tx: Queryable, id: number): Promise<void> {
  const [library] = await tx.query<LibraryRow>`select * from library where id = ${id}`
  if (library === undefined) return
  const [counted] = await tx.query<{ versions: number }>`
    select count(*) as versions from library_version where library = ${id} and state = 'live'`
  const latest = await findLatest(tx, id)
  const shown = latest ?? (await findHighest(tx, id))
  await tx.query`update library set latest = ${latest ?? null}, versions = ${counted?.versions ?? 0}
    where id = ${id}`
  const row = shown === undefined ? null : searchRowOf(library)
  if (library.shown === (shown ?? null) && library.search_row === row) return
  if (shown === undefined) await hide(tx, library)
  else await show(tx, library, shown)
}

/** What `latest` was set to while that is live, else the highest release that is neither yanked nor a prerelease. */
async function findLatest(tx: Queryable, library: number): Promise<number | undefined> {
  const [tagged] = await tx.query<{ id: number }>`
    select v.id from library_dist_tag t join library_version v on v.library = t.library and v.version = t.version
    where t.library = ${library} and t.tag = 'latest' and v.state = 'live'`
  if (tagged !== undefined) return tagged.id
  const [highest] = await tx.query<{ id: number }>`
    select id from library_version
    where library = ${library} and state = 'live' and is_prerelease = 0 and yanked is null
    order by sort_key desc limit 1`
  return highest?.id
}

/** Where there is no latest: something of it is live all the same, and it is found. */
async function findHighest(tx: Queryable, library: number): Promise<number | undefined> {
  const [highest] = await tx.query<{ id: number }>`
    select id from library_version where library = ${library} and state = 'live'
    order by case when yanked is null then 0 else 1 end, sort_key desc limit 1`
  return highest?.id
}

async function show(tx: Queryable, library: LibraryRow, version: number): Promise<void> {
  const [row] = await tx.query<{ manifest: string }>`
    select manifest from library_version where id = ${version}`
  if (row === undefined) return
  const { description = '', license, tags } = manifestFromJson(row.manifest)
  const isFoundAlike = await isIndexedAlike(tx, library, { version, description, tags })
  await tx.query`update library set shown = ${version}, search_row = ${searchRowOf(library)},
    description = ${description}, license = ${license ?? null} where id = ${library.id}`
  const [words] = isFoundAlike
    ? []
    : await tx.query<{ headings: string; bodies: string }>`
        select headings, bodies from library_words where version = ${version}`
  if (words !== undefined)
    await indexLibrary(tx, { ...library, ...words, description, tags }, library.search_row)
}

/** Whether the library stands where it is found now, by the very words of `version`: many a version mends a line, and an index takes longer to write than all else. */
async function isIndexedAlike(
  tx: Queryable,
  library: LibraryRow,
  {
    version,
    ...told
  }: { readonly version: number; readonly description: string; readonly tags: readonly string[] },
): Promise<boolean> {
  const { shown, search_row: row } = library
  if (shown === null || shown === version || row !== searchRowOf(library)) return false
  const [former] = await tx.query<{ manifest: string }>`
    select v.manifest from library_version v join library_words a on a.version = v.id
      join library_words b on b.headings = a.headings and b.bodies = a.bodies
    where v.id = ${shown} and b.version = ${version}`
  if (former === undefined) return false
  const { description = '', tags } = manifestFromJson(former.manifest)
  return isDeepStrictEqual(told, { description, tags })
}

/** Downloads have grown: the row moves when it comes before others now. */
export async function refreshPlace(tx: Queryable, id: number): Promise<void> {
  const [library] = await tx.query<LibraryRow>`select * from library where id = ${id}`
  if (library === undefined || library.shown === null) return
  if (library.search_row !== searchRowOf(library)) await show(tx, library, library.shown)
}

async function hide(tx: Queryable, library: LibraryRow): Promise<void> {
  const { id, search_row: before } = library
  await tx.query`update library set shown = null, search_row = null, description = '', license = null
    where id = ${id}`
  await unindexLibrary(tx, { id, before })
}

/** Once, where a database was copied from one of the other kind: what words are found by is each database's own. */
export async function indexMissing({
  sql,
  changelog,
}: {
  readonly sql: Queryable
  readonly changelog: ChangeLog
}): Promise<void> {
  for (;;) {
    const rows = await sql.query<LibraryRow>`
      select * from library l where l.search_row is not null
        and not exists (select 1 from derived_library_text f where f.rowid = l.search_row)
      order by l.id limit 200`
    if (rows.length === 0) return
    await changelog.commit(async (tx) => {
      for (const row of rows) if (row.shown !== null) await show(tx, row, row.shown)
    })
  }
}
