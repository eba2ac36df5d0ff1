/** What is known against versions: told to who installs them. */
import type { Actor } from '#identity/actor'
import { allOf, clause, run } from '#library/_clauses'
import { assertLetIn, findLibrary, reading } from '#library/_rows'
import { visibleTo } from '#library/_visible'
import { requireAdministrator } from '#library/around'
import type { LibraryChange } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { VersionRef } from '#library/libraries'
import type { Advisory } from '#library/model'
import { formatLibraryRef } from '#library/name'
import type { LibraryParts } from '#library/parts'
import { isInRange, parseRange } from '#library/range'
import { mayRead } from '#library/rights'
import { isVersion, parseVersion, type Version } from '#library/version'
import type { Queryable } from '#sql/sql'

const titleCharsMax = 200
const detailsCharsMax = 20_000
const listedMax = 1_000
const checkedMax = 1_000

type Row = { readonly body: string }

function advisoryOf({ body }: Row): Advisory {
  return JSON.parse(body) // put there by us
}

/** Newest first; withdrawn ones too, which say so. */
export async function advisories(
  parts: LibraryParts,
  actor: Actor,
  { scope, name }: { readonly scope?: string; readonly name?: string },
): Promise<readonly Advisory[]> {
  assertLetIn(parts, actor)
  const conditions = allOf([
    visibleTo(actor),
    ...(scope === undefined ? [] : [clause`a.scope = ${scope}`]),
    ...(name === undefined ? [] : [clause`a.name = ${name}`]),
  ])
  const rows = await reading(parts, (sql) =>
    run<Row>(
      sql,
      clause`select a.body from library_advisory a join library l on l.scope = a.scope and l.name = a.name
        where ${conditions} order by a.sequence desc limit ${listedMax}`,
    ),
  )
  return rows.map(advisoryOf)
}

export async function checkAdvisories(
  parts: LibraryParts,
  actor: Actor,
  versions: readonly VersionRef[],
): Promise<readonly (VersionRef & { readonly advisories: readonly Advisory[] })[]> {
  assertLetIn(parts, actor)
  if (versions.length > checkedMax)
    throw libraryFault('library/too-many', { what: 'versions', most: checkedMax })
  return await reading(parts, async (sql) => {
    const checked: (VersionRef & { readonly advisories: readonly Advisory[] })[] = []
    for (const ref of versions) checked.push({ ...ref, advisories: await against(sql, actor, ref) })
    return checked
  })
}

async function against(
  sql: Queryable,
  actor: Actor,
  ref: VersionRef,
): Promise<readonly Advisory[]> {
  const version = parseVersion(ref.version)
  const found = await findLibrary(sql, ref)
  if (found === undefined || !mayRead(actor, found.guarded)) return []
  const rows = await sql.query<Row>`
    select body from library_advisory where scope = ${ref.scope} and name = ${ref.name} order by sequence`
  return rows.map(advisoryOf).filter((advisory) => affects(advisory, version))
}

/** One that was withdrawn affects nothing. */
export function affects({ range, withdrawnAt }: Advisory, version: Version): boolean {
  return withdrawnAt === undefined && isInRange(version, parseRange(range))
}

/** By administrators. `library/malformed-advisory`, `library/malformed-range`, `library/no-such-library` */
export async function publishAdvisory(
  { changelog }: LibraryParts,
  actor: Actor,
  advisory: Omit<Advisory, 'id' | 'publishedAt' | 'withdrawnAt'>,
): Promise<Advisory> {
  requireAdministrator(actor)
  const { title, details, url, patched } = advisory
  parseRange(advisory.range)
  if (title.trim() === '' || title.length > titleCharsMax)
    throw libraryFault('library/malformed-advisory', { field: 'title', charsMax: titleCharsMax })
  if (details.length > detailsCharsMax)
    throw libraryFault('library/malformed-advisory', {
      field: 'details',
      charsMax: detailsCharsMax,
    })
  if (patched !== undefined && !isVersion(patched))
    throw libraryFault('library/malformed-advisory', { field: 'patched' })
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw libraryFault('library/malformed-advisory', { field: 'url' })
  return await changelog.commit(async (tx) => {
    if ((await findLibrary(tx, advisory)) === undefined)
      throw libraryFault('library/no-such-library', { library: formatLibraryRef(advisory) })
    const [counted] = await tx.query<{
      count: number
    }>`select count(*) as count from library_advisory`
    const year = new Date(tx.at).getUTCFullYear()
    const id = `MDLIBS-${year}-${String((counted?.count ?? 0) + 1).padStart(4, '0')}`
    return await record(tx, { ...advisory, id, publishedAt: tx.at }, actor)
  })
}

/** `library/no-such-advisory` */
export async function withdrawAdvisory(
  { changelog }: LibraryParts,
  actor: Actor,
  id: string,
): Promise<Advisory> {
  requireAdministrator(actor)
  return await changelog.commit(async (tx) => {
    const [row] = await tx.query<Row>`select body from library_advisory where id = ${id}`
    if (row === undefined) throw libraryFault('library/no-such-advisory', { id: id.slice(0, 80) })
    return await record(tx, { ...advisoryOf(row), withdrawnAt: tx.at }, actor)
  })
}

async function record(
  tx: Parameters<Parameters<LibraryParts['changelog']['commit']>[0]>[0],
  advisory: Advisory,
  actor: Actor,
): Promise<Advisory> {
  const by = actor.kind === 'user' ? actor.handle : ''
  const change: LibraryChange = { kind: 'library/advisory-put', ...advisory, by }
  await tx.record(change)
  return advisory
}
