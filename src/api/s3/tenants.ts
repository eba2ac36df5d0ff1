/**
 * Ceph's way to name somebody else's bucket: `tenant:bucket`, and `:bucket` for one whose owner has no tenant. Names of buckets are the store's, and
 * not a tenant's: the tenant only says whose the bucket must be. https://docs.ceph.com/en/latest/radosgw/multitenancy/
 */
import type { NameCall } from '#api/s3/call'
import { s3Fault } from '#api/s3/faults'
import { objectFault } from '#object/faults'

export interface TenantedName {
  readonly bucket: string
  /** Empty: none. Whoever's it is, when left out. */
  readonly tenant?: string
}

export function readTenant(text: string): TenantedName {
  const colon = text.indexOf(':')
  if (colon < 0) return { bucket: text }
  return { tenant: text.slice(0, colon), bucket: text.slice(colon + 1) }
}

/** `object/no-such-bucket` when it is there and not that tenant's. */
export async function assertTenant({
  door,
  bucket,
  tenant,
}: Pick<NameCall, 'door' | 'bucket' | 'tenant'>): Promise<void> {
  if (tenant === undefined) return
  const { owner = door.root.id } = (await door.lookups.bucket(bucket)) ?? {}
  const principal = await door.lookups.principal(owner)
  if ((principal?.tenant ?? '') !== tenant) throw objectFault('object/no-such-bucket', { bucket })
}

/** `s3/access-denied` for who makes buckets for others. */
export function assertOwnTenant({ caller, tenant }: Pick<NameCall, 'caller' | 'tenant'>): void {
  if (tenant !== undefined && tenant !== (caller?.tenant ?? '')) throw s3Fault('s3/access-denied')
}
