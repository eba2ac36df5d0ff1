import { s3Fault } from '#api/s3/faults'
import { percentDecode } from '#http/target'

/** What a request is about, decoded once. No bucket: the service itself. */
export interface Address {
  readonly bucket?: string
  readonly key?: string
  /** As sent, for old signatures: `/bucket/key`, without mount or virtual host. */
  readonly rawResource: string
}

export interface AddressOptions {
  /** The `Host` header. */
  readonly host: string
  readonly mount: '' | '/s3'
  readonly domains: readonly string[]
}

/**
 * Path style (`/bucket/key`) or virtual-host style (`bucket.domain`). Only the first `/` divides: `..`, `//`, a leading `/` and
 * `%2F` belong to the key. `s3/invalid-uri` for a path outside the mount.
 */
export function resolveAddress(rawPath: string, { host, mount, domains }: AddressOptions): Address {
  if (!hasMount(rawPath, mount)) throw s3Fault('s3/invalid-uri', { reason: 'outside of the mount' })
  const path = rawPath.slice(mount.length + 1)
  const hostBucket = bucketOfHost(host, domains)
  const slash = path.indexOf('/')
  const rawBucket = hostBucket ?? (slash < 0 ? path : path.slice(0, slash))
  const rawKey = hostBucket !== undefined ? path : slash < 0 ? '' : path.slice(slash + 1)
  if (rawBucket === '') {
    if (rawKey !== '') throw s3Fault('s3/invalid-uri', { reason: 'empty bucket name' })
    return { rawResource: '/' }
  }
  return {
    bucket: percentDecode(rawBucket),
    ...(rawKey === '' ? {} : { key: percentDecode(rawKey) }),
    rawResource: `/${rawBucket}/${rawKey}`,
  }
}

/** Whether a path lies at or below the mount. */
export function hasMount(rawPath: string, mount: string): boolean {
  return rawPath === mount || rawPath.startsWith(`${mount}/`)
}

/** `photos` of `photos.localhost:9000`, when `localhost` is one of the domains. */
export function bucketOfHost(host: string, domains: readonly string[]): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  const domain = domains.find((domain) => name.endsWith(`.${domain}`))
  return domain === undefined ? undefined : name.slice(0, -domain.length - 1)
}
