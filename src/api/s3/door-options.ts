import type { RateLimits } from '#api/rate-limits'
import type { AnonymousGuests } from '#api/s3/anonymous'
import type { Lookups } from '#gateway/lookups'
import type { Principal } from '#identity/principal'
import type { ObjectStore } from '#object/model'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface S3DoorOptions {
  readonly objects: ObjectStore
  /** Keys, names and buckets. */
  readonly lookups: Lookups
  /** Whose the buckets are that name no owner, and whom guests may do everything as. */
  readonly root: Principal
  /** Regions a signature may name; the first is the one buckets report. `any` accepts every name. */
  readonly regions: readonly [string, ...string[]] | 'any'
  /** Host names below which the first labels are a bucket (`photos.localhost`). */
  readonly domains: readonly string[]
  /** Other host names with a dot, addresses aside, are the names of buckets (`photos.example.org`). Not when left out. */
  readonly hostsAreBuckets?: boolean | undefined
  /** Path prefix in front of `/bucket/key`: none on the S3 port, `/s3` on the local mount. Signatures cover it. */
  readonly mount: '' | '/s3'
  /** Unsigned requests of whom it welcomes may do everything; those of others, what buckets let everybody do. */
  readonly guests: AnonymousGuests | undefined
  /** A PUT of an object makes its missing bucket. */
  readonly createsBuckets: boolean
  readonly rates: RateLimits
  readonly world: World
  readonly telemetry: Telemetry
}

/** Where buckets say they are. */
export function homeRegion({ regions }: Pick<S3DoorOptions, 'regions'>): string {
  return regions === 'any' ? 'us-east-1' : regions[0]
}
