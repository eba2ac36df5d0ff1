/** What every operation of the object domain stands on. */
import type { ChangeLog } from '#changelog/change'
import { type Profile, parseProfile } from '#erasure/profile'
import type { KeyService } from '#kms/key-service'
import { objectFault } from '#object/faults'
import type { BucketConfig } from '#object/model'
import { standardClass } from '#object/rows'
import type { Queryable, Sql } from '#sql/sql'
import type { ChunkStore } from '#store/chunk-store'
import type { Packs } from '#store/packs'
import type { World } from '#world/world'

export interface ObjectParts {
  readonly sql: Sql
  readonly changelog: ChangeLog
  readonly store: ChunkStore
  /** Where small bodies go. */
  readonly packs: Packs
  /** The named keys that objects may be sealed under. */
  readonly keys: KeyService
  readonly world: World
  /** Profile of buckets created without one. */
  readonly profile: Profile
  /** Profiles that objects may have instead of their bucket's, by name. */
  readonly storageClasses?: ReadonlyMap<string, Profile>
  /** Told of every profile before the first bucket has it: the change log must survive what its objects survive. */
  readonly onProfile?: (profile: Profile) => void
  /** Asked inside the commit of a bucket's setting; what it throws refuses the setting. For what other rooms know of it. */
  readonly admitConfig?: (tx: Queryable, name: keyof BucketConfig, value: unknown) => Promise<void>
  /** Every part of an upload but the last; S3's 5 MiB when left out. */
  readonly partBytesMin?: number
}

/** What data of that class in that bucket has. `object/unknown-storage-class` */
export function classProfile(
  { storageClasses }: ObjectParts,
  { profile }: { readonly profile: string },
  storageClass = standardClass,
): Profile {
  if (storageClass === standardClass) return parseProfile(profile)
  const found = storageClasses?.get(storageClass)
  if (found === undefined) throw objectFault('object/unknown-storage-class', { storageClass })
  return found
}
