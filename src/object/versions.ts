/** Looking up one version of a key, whatever it is. */
import type { FormerRow, FoundVersion } from '#object/changes'
import type { ObjectKey, VersionId } from '#object/model'
import { nullVersion } from '#object/names'
import { keyBytes } from '#object/rows'
import type { Queryable } from '#sql/sql'

/** A state of a key that is not, or is no object: a version that another has taken the place of, or a delete marker. */
export type AnyVersion = FormerRow | (FoundVersion & { readonly is_marker: 0 })

/** The named version of a key, current or not, marker or not. */
export async function findVersionById(
  tx: Queryable,
  { bucket, key }: { readonly bucket: number; readonly key: ObjectKey },
  id: VersionId,
): Promise<AnyVersion | undefined> {
  const bytes = keyBytes(key)
  if (id === nullVersion) {
    const [current] = await tx.query<FoundVersion>`
      select * from version where bucket = ${bucket} and key = ${bytes} and is_null = 1`
    if (current !== undefined) return { ...current, is_marker: 0 }
    const [former] = await tx.query<FormerRow>`
      select * from former where bucket = ${bucket} and key = ${bytes} and is_null = 1`
    return former
  }
  const sequence = Number.parseInt(id, 16)
  const [current] = await tx.query<FoundVersion>`
    select * from version where bucket = ${bucket} and key = ${bytes} and sequence = ${sequence} and is_null = 0`
  if (current !== undefined) return { ...current, is_marker: 0 }
  const [former] = await tx.query<FormerRow>`
    select * from former where bucket = ${bucket} and key = ${bytes} and age = ${-sequence} and is_null = 0`
  return former
}

/** The newest entry of a key that has no current version: a delete marker, if anything. */
export async function findMarker(
  tx: Queryable,
  { bucket, key }: { readonly bucket: number; readonly key: ObjectKey },
): Promise<FormerRow | undefined> {
  const [newest] = await tx.query<FormerRow>`
    select * from former where bucket = ${bucket} and key = ${keyBytes(key)} order by age limit 1`
  return newest?.is_marker === 1 ? newest : undefined
}
