/** Reading what there is of libraries and their versions. */
import type { Actor } from '#identity/actor'
import {
  isHidden,
  libraryFacts,
  reading,
  requireReadable,
  requireReadableVersion,
  requireVersion,
  seesHidden,
  versionFacts,
} from '#library/_rows'
import type { VersionRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { VersionRef } from '#library/libraries'
import type {
  FileFacts,
  LibraryFacts,
  LibraryRef,
  LibraryWithVersions,
  VersionFacts,
} from '#library/model'
import { formatLibraryRef } from '#library/name'
import type { LibraryParts } from '#library/parts'
import { isDistTag, newestInRange, parseRange } from '#library/range'
import { isVersion, type Version } from '#library/version'
import type { Queryable } from '#sql/sql'

export async function library(
  parts: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
): Promise<LibraryFacts> {
  return await reading(parts, async (sql) => {
    const { row } = await requireReadable(sql, parts, { actor, ref })
    return await libraryFacts(sql, row)
  })
}

export async function versions(
  parts: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
): Promise<LibraryWithVersions> {
  return await reading(parts, async (sql) => {
    const { row, guarded } = await requireReadable(sql, parts, { actor, ref })
    const rows = await sql.query<VersionRow>`
      select * from library_version where library = ${row.id} order by sort_key desc`
    const known = rows.filter((one) => !isHidden(one) || seesHidden(actor, guarded))
    return {
      ...(await libraryFacts(sql, row)),
      versionList: known.map((one) => versionFacts(guarded, one)),
    }
  })
}

export async function version(
  parts: LibraryParts,
  actor: Actor,
  ref: VersionRef,
): Promise<VersionFacts> {
  return await reading(parts, async (sql) => {
    const { library: found, row } = await requireReadableVersion(sql, parts, { actor, ref })
    return versionFacts(found.guarded, row)
  })
}

/** `library/malformed-range`, `library/no-such-version`; an exact version also when it is yanked. */
export async function resolve(
  parts: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  rangeOrTag: string,
): Promise<VersionFacts> {
  return await reading(parts, async (sql) => {
    const found = await requireReadable(sql, parts, { actor, ref })
    const named = isVersion(rangeOrTag)
      ? rangeOrTag
      : isDistTag(rangeOrTag)
        ? await taggedVersion(sql, found.row, rangeOrTag)
        : await rangedVersion(sql, found.row.id, rangeOrTag)
    const row =
      named === undefined ? undefined : await requireVersion(sql, found, { actor, version: named })
    if (row === undefined || row.state !== 'live')
      throw libraryFault('library/no-such-version', {
        library: formatLibraryRef(ref),
        version: rangeOrTag.slice(0, 140),
      })
    return versionFacts(found.guarded, row)
  })
}

async function taggedVersion(
  sql: Queryable,
  library: { readonly id: number; readonly latest: number | null },
  tag: string,
): Promise<string | undefined> {
  const [row] =
    tag === 'latest'
      ? await sql.query<{ version: string }>`
          select version from library_version where id = ${library.latest}`
      : await sql.query<{ version: string }>`
          select version from library_dist_tag where library = ${library.id} and tag = ${tag}`
  return row?.version
}

async function rangedVersion(
  sql: Queryable,
  library: number,
  text: string,
): Promise<string | undefined> {
  const range = parseRange(text)
  const rows = await sql.query<{ version: string }>`
    select version from library_version where library = ${library} and state = 'live' and yanked is null`
  return newestInRange(
    rows.map((row) => row.version as Version), // it was parsed before it was recorded
    range,
  )
}

export async function files(
  parts: LibraryParts,
  actor: Actor,
  ref: VersionRef,
): Promise<readonly FileFacts[]> {
  return await reading(parts, async (sql) => {
    const { row } = await requireReadableVersion(sql, parts, { actor, ref })
    return await sql.query<{ path: string; bytes: number; digest: string }>`
      select path, bytes, digest from library_file where version = ${row.id} order by path`
  })
}
