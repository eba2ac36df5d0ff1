/** What buckets and their owners may hold, and do: set, told, and kept to inside every commit that adds something. */
import { settled } from '#changelog/settled'
import type { ObjectParts } from '#object/_parts'
import type { ObjectChange } from '#object/changes'
import { objectFault } from '#object/faults'
import type { BucketName, BucketUsage, OwnerUsage, Quota, Usage } from '#object/model'
import type { Queryable, SqlRow } from '#sql/sql'

interface QuotaRow extends SqlRow {
  readonly quota_bytes: number | null
  readonly quota_objects: number | null
}

interface RoomRow extends QuotaRow {
  readonly used_bytes: number
  readonly used_objects: number
  readonly owner: string | null
  /** Null as well where the owner has no quota. */
  readonly owner_bytes: number | null
  readonly owner_objects: number | null
}

/** Of one bucket (none, when there is no such one), or all, by name. */
export async function bucketUsage(
  parts: ObjectParts,
  name?: BucketName,
): Promise<readonly BucketUsage[]> {
  const rows = await settled(
    parts,
    () => parts.sql.query<QuotaRow & { name: string; owner: string | null } & UsageRow>`
      select name, owner, used_bytes, used_objects, quota_bytes, quota_objects from bucket
      where name = coalesce(${name ?? null}, name) order by name`,
  )
  return rows.map((row) => ({
    bucket: row.name as BucketName, // only valid names are created
    ...(row.owner === null ? {} : { owner: row.owner }),
    bytes: row.used_bytes,
    objects: row.used_objects,
    ...quotaOf(row),
  }))
}

export async function ownerUsage(parts: ObjectParts, owner: string): Promise<OwnerUsage> {
  return await settled(parts, async () => {
    const { bytes, objects } = await usageOfOwner(parts.sql, owner)
    const [row] = await parts.sql.query<QuotaRow>`
      select bytes as quota_bytes, objects as quota_objects from owner_quota where owner = ${owner}`
    return { bytes, objects, ...(row === undefined ? {} : quotaOf(row)) }
  })
}

/** `undefined` takes it away. What is there already stays, however much it is. */
export async function setOwnerQuota(
  parts: ObjectParts,
  owner: string,
  quota: Quota | undefined,
): Promise<void> {
  const change: ObjectChange = { kind: 'object/owner-quota-set', owner, quota: quota ?? null }
  await parts.changelog.commit((tx) => tx.record(change))
}

/** After a change that adds to the bucket, inside its commit: no other write can come between. `object/quota-exceeded` */
export async function assertWithinQuota(tx: Queryable, bucket: number): Promise<void> {
  const room = await roomIn(tx, bucket)
  if (room.bytes < 0 || room.objects < 0) throw objectFault('object/quota-exceeded')
}

/** Before a body is received. What the write will replace gives room, too. `object/quota-exceeded` */
export async function assertRoomFor(
  sql: Queryable,
  bucket: number,
  { bytes, replaced }: { readonly bytes: number; readonly replaced: () => Promise<number> },
): Promise<void> {
  const room = await roomIn(sql, bucket)
  if (bytes > room.bytes && bytes > room.bytes + (await replaced()))
    throw objectFault('object/quota-exceeded')
}

/** What may still be added, by the bucket's quota and its owner's; less than nothing where there is too much. */
async function roomIn(tx: Queryable, bucket: number): Promise<Usage> {
  const [row] = await tx.query<RoomRow>`
    select used_bytes, used_objects, quota_bytes, quota_objects, bucket.owner, owner_quota.bytes as owner_bytes,
      owner_quota.objects as owner_objects
    from bucket left join owner_quota on owner_quota.owner = bucket.owner where bucket.id = ${bucket}`
  if (row === undefined) return { bytes: 0, objects: 0 } // it is gone, as the commit will say
  const own = left(row.used_bytes, row.used_objects, row)
  const { owner, owner_bytes: quota_bytes, owner_objects: quota_objects } = row
  if (owner === null || (quota_bytes === null && quota_objects === null)) return own
  const all = await usageOfOwner(tx, owner)
  const ofOwner = left(all.bytes, all.objects, { quota_bytes, quota_objects })
  return {
    bytes: Math.min(own.bytes, ofOwner.bytes),
    objects: Math.min(own.objects, ofOwner.objects),
  }
}

function left(
  bytes: number,
  objects: number,
  {
    quota_bytes: bytesMax,
    quota_objects: objectsMax,
  }: Pick<QuotaRow, 'quota_bytes' | 'quota_objects'>,
): Usage {
  return {
    bytes: (bytesMax ?? Number.POSITIVE_INFINITY) - bytes,
    objects: (objectsMax ?? Number.POSITIVE_INFINITY) - objects,
  }
}

interface UsageRow extends SqlRow {
  readonly used_bytes: number
  readonly used_objects: number
}

async function usageOfOwner(tx: Queryable, owner: string): Promise<Usage> {
  const [row] = await tx.query<{ bytes: number; objects: number }>`
    select coalesce(sum(used_bytes), 0) as bytes, coalesce(sum(used_objects), 0) as objects from bucket where owner = ${owner}`
  return { bytes: row?.bytes ?? 0, objects: row?.objects ?? 0 }
}

function quotaOf({ quota_bytes: bytes, quota_objects: objects }: QuotaRow): {
  readonly quota?: Quota
} {
  if (bytes === null && objects === null) return {}
  return {
    quota: { ...(bytes === null ? {} : { bytes }), ...(objects === null ? {} : { objects }) },
  }
}
