import { s3Fault } from '#api/s3/faults'
import { readTenant } from '#api/s3/tenants'
import { percentDecode } from '#http/target'

/** What a request is about, decoded once. No bucket: the service itself. */
export interface Address {
  readonly bucket?: string
  /** Whose the bucket must be; empty: nobody's tenant. */
  readonly tenant?: string
  readonly key?: string
  /** As sent, for old signatures: `/bucket/key`, without mount or virtual host. */
  readonly rawResource: string
}

export interface AddressOptions {
  /** The `Host` header. */
  readonly host: string
  readonly mount: '' | '/s3'
  readonly domains: readonly string[]
  readonly hostsAreBuckets?: boolean | undefined
}

/**
 * Path style (`/bucket/key`) or virtual-host style (`bucket.domain`, or the bucket's name as host). Only the first `/` divides: `..`, `//`, a leading `/` and
 * `%2F` belong to the key. `s3/invalid-uri` for a path outside the mount.
 */
export function resolveAddress(
  rawPath: string,
  { host, mount, domains, hostsAreBuckets = false }: AddressOptions,
): Address {
  if (!hasMount(rawPath, mount)) throw s3Fault('s3/invalid-uri', { reason: 'outside of the mount' })
  const path = rawPath.slice(mount.length + 1)
  const hostBucket =
    bucketOfHost(host, domains) ?? (hostsAreBuckets ? bucketNamedAs(host, domains) : undefined)
  const slash = path.indexOf('/')
  const rawBucket = hostBucket ?? (slash < 0 ? path : path.slice(0, slash))
  const rawKey = hostBucket !== undefined ? path : slash < 0 ? '' : path.slice(slash + 1)
  if (rawBucket === '') {
    if (rawKey !== '') throw s3Fault('s3/invalid-uri', { reason: 'empty bucket name' })
    return { rawResource: '/' }
  }
  return {
    ...readTenant(percentDecode(rawBucket)),
    ...(rawKey === '' ? {} : { key: percentDecode(rawKey) }),
    rawResource: `/${rawBucket}/${rawKey}`,
  }
}

/** Whether a path lies at or below the mount. */
export function hasMount(rawPath: string, mount: string): boolean {
  return rawPath === mount || rawPath.startsWith(`${mount}/`)
}

/** `photos` of `photos.localhost:9000`, when `localhost` is one of the domains. One that lies below another is itself, and no bucket of the other. */
export function bucketOfHost(host: string, domains: readonly string[]): string | undefined {
  const name = hostName(host)
  const [nearest] = domainsOver(name, domains)
  return nearest === undefined || nearest === name ? undefined : name.slice(0, -nearest.length - 1)
}

/** A name that the DNS leads here for a bucket's sake: of several labels, none of our domains, and no address. */
function bucketNamedAs(host: string, domains: readonly string[]): string | undefined {
  const name = hostName(host)
  const isName = /^[a-z\d-]+(\.[a-z\d-]+)+$/.test(name) && !/\.\d+$/.test(name)
  return isName && domainsOver(name, domains).length === 0 ? name : undefined
}

/** Without port and the dot of the root, which some clients leave at the end. */
function hostName(host: string): string {
  return host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()
}

/** The longest first. */
function domainsOver(name: string, domains: readonly string[]): readonly string[] {
  return domains
    .filter((domain) => name === domain || name.endsWith(`.${domain}`))
    .sort((one, other) => other.length - one.length)
}
