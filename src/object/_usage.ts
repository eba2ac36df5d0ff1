/** How much each bucket holds, counted with every change that adds or removes. Part of `apply`: a rebuild counts the same. */
import type { Usage } from '#object/model'
import type { Queryable } from '#sql/sql'

export const nothing: Usage = { bytes: 0, objects: 0 }

/** Of rows that are there, or were: versions; a marker is no object. */
export function usageOfVersions(
  rows: readonly { readonly bytes: number; readonly is_marker?: number }[],
): Usage {
  return {
    bytes: bytesOf(rows),
    objects: rows.filter(({ is_marker: isMarker = 0 }) => isMarker === 0).length,
  }
}

/** Of parts: bytes that are no object yet. */
export function usageOfParts(rows: readonly { readonly bytes: number }[]): Usage {
  return { bytes: bytesOf(rows), objects: 0 }
}

function bytesOf(rows: readonly { readonly bytes: number }[]): number {
  return rows.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** One update per change. */
export async function countUsage(
  tx: Queryable,
  bucket: number,
  { added = nothing, removed = nothing }: { readonly added?: Usage; readonly removed?: Usage },
): Promise<void> {
  const bytes = added.bytes - removed.bytes
  const objects = added.objects - removed.objects
  if (bytes === 0 && objects === 0) return
  await tx.query`
    update bucket set used_bytes = used_bytes + ${bytes}, used_objects = used_objects + ${objects} where id = ${bucket}`
}

/** For the first time, in a store that is older than its counters. */
export async function addUsage(tx: Queryable): Promise<void> {
  await tx.query`alter table bucket add column used_bytes integer not null default 0`
  await tx.query`alter table bucket add column used_objects integer not null default 0`
  await tx.query`alter table bucket add column quota_bytes integer`
  await tx.query`alter table bucket add column quota_objects integer`
  await tx.query`create index bucket_owner on bucket (owner)`
  await tx.query`create table owner_quota (
    owner text primary key, bytes integer, objects integer, sequence integer not null, at integer not null)`
  await tx.query`update bucket set
    used_bytes = (select coalesce(sum(bytes), 0) from version where version.bucket = bucket.id)
      + (select coalesce(sum(bytes), 0) from former where former.bucket = bucket.id)
      + (select coalesce(sum(part.bytes), 0) from part join upload on upload.id = part.upload where upload.bucket = bucket.id),
    used_objects = (select count(*) from version where version.bucket = bucket.id)
      + (select count(*) from former where former.bucket = bucket.id and former.is_marker = 0)`
}
