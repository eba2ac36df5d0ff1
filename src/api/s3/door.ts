import type { HttpHandler, HttpRefusal } from '#http/message'
import type { AccessKeys, Principal } from '#identity/access-keys'
import type { ObjectStore } from '#object/model'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface S3DoorOptions {
  readonly objects: ObjectStore
  readonly accessKeys: AccessKeys
  /** Whose buckets these are, in listings. */
  readonly owner: Principal
  /** Regions a signature may name; the first is the one buckets report. `any` accepts every name. */
  readonly regions: readonly [string, ...string[]] | 'any'
  /** Host names below which the first label is a bucket (`bucket.localhost`). */
  readonly domains: readonly string[]
  /** Path prefix in front of `/bucket/key`: none on the S3 port, `/s3` on the seed's. Signatures cover it. */
  readonly mount: '' | '/s3'
  /** `loopback`: unsigned requests that provably come from this machine's own user may do everything (ruling of the seed's mount). */
  readonly anonymous: 'refused' | 'loopback'
  /** A PUT of an object makes its missing bucket. */
  readonly createsBuckets: boolean
  readonly world: World
  readonly telemetry: Telemetry
}

export interface S3Door {
  readonly handle: HttpHandler
  /** Words for requests the HTTP shell could not even parse. */
  readonly refuse: HttpRefusal
}

/** The S3 wire over an `ObjectStore`: translates requests into domain calls and faults into S3's XML. Holds no state but caches. */
export function createS3Door(options: S3DoorOptions): S3Door {
  return {
    handle: () => Promise.reject(new Error(`no routes yet at ${options.mount}/`)),
    refuse: (fault) => ({ status: 400, headers: {}, body: fault.code }),
  }
}
