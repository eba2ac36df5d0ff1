import { settled } from '#changelog/settled'
import { nodesMin } from '#cluster/place'
import { formatProfile, type Profile, parseProfile } from '#erasure/profile'
import { isFault } from '#fault/fault'
import { classProfile, type ObjectParts } from '#object/_parts'
import type { BucketRow, ObjectChange } from '#object/changes'
import { eventOf } from '#object/events'
import { objectFault } from '#object/faults'
import type { LifecycleRule } from '#object/lifecycle-rules'
import type {
  BucketConfig,
  BucketFacts,
  BucketInfo,
  BucketName,
  NewBucket,
  Versioning,
} from '#object/model'
import type { Origin } from '#object/origin'
import { bucketInfo, findBucket, readConfig, requireBucket } from '#object/rows'
import type { Queryable } from '#sql/sql'
import { requireRoom } from '#store/room'

/** `object/bucket-exists` when the name is taken; the door decides whether that is an error for this caller. `object/too-many-buckets` */
export async function createBucket(
  parts: ObjectParts,
  name: BucketName,
  { owner, ownedMax, isLockable = false, config = {}, ...options }: NewBucket = {},
): Promise<BucketInfo> {
  const chosen = options.profile === undefined ? parts.profile : readProfile(parts, options.profile)
  parts.onProfile?.(chosen)
  const profile = formatProfile(chosen)
  return await parts.changelog.commit(async (tx) => {
    if ((await findBucket(tx, name)) !== undefined)
      throw objectFault('object/bucket-exists', { bucket: name })
    requireRoom(parts.store, chosen)
    if (owner !== undefined && ownedMax !== undefined) await assertFewer(tx, owner, ownedMax)
    const owned = owner === undefined ? {} : { owner }
    const body: ObjectChange = { kind: 'object/bucket-created', name, profile, ...owned }
    const { at, sequence } = await tx.record(body)
    const info = { name, createdAt: at, profile, ...owned }
    const bucket = Number(sequence)
    for (const [name, value] of Object.entries(config)) {
      const change: ObjectChange = {
        kind: 'object/bucket-configured',
        bucket,
        name: name as keyof typeof config, // the type's own
        value,
      }
      await tx.record(change)
    }
    if (!isLockable) return info
    const changes: readonly ObjectChange[] = [
      { kind: 'object/bucket-versioned', bucket, versioning: 'enabled' },
      { kind: 'object/bucket-configured', bucket, name: 'lock', value: {} },
    ]
    for (const change of changes) await tx.record(change)
    return { ...info, versioning: 'enabled' }
  })
}

async function assertFewer(tx: Queryable, owner: string, ownedMax: number): Promise<void> {
  const last = await tx.query`
    select 1 as found from bucket where owner = ${owner} limit 1 offset ${ownedMax - 1}`
  if (last.length > 0) throw objectFault('object/too-many-buckets', { ownedMax })
}

/** `object/unknown-profile` for one that is malformed, has no parity, or needs more nodes than there are. */
function readProfile({ store }: ObjectParts, text: string): Profile {
  const profile = parseOrRefuse(text)
  const nodes = store.parts.cluster.nodes().length
  const needed = nodesMin({ shards: profile.data + profile.parity, parity: profile.parity })
  if (profile.parity === 0 || needed > nodes) {
    throw objectFault('object/unknown-profile', { profile: text, needed, nodes })
  }
  return profile
}

function parseOrRefuse(text: string): Profile {
  try {
    return parseProfile(text)
  } catch (cause) {
    if (!isFault(cause, 'erasure/invalid-profile')) throw cause
    throw objectFault('object/unknown-profile', { profile: text.slice(0, 40) }, cause)
  }
}

export async function headBucket(parts: ObjectParts, name: BucketName): Promise<BucketFacts> {
  return await settled(parts, async () => {
    const row = await requireBucket(parts.sql, name)
    return { ...bucketInfo(row), config: await readConfig(parts.sql, row.id) }
  })
}

export async function configureBucket<Name extends keyof BucketConfig>(
  parts: ObjectParts,
  bucket: BucketName,
  {
    name,
    value,
    origin,
  }: {
    readonly name: Name
    readonly value: BucketConfig[Name] | undefined
    readonly origin?: Origin | undefined
  },
): Promise<void> {
  await parts.changelog.commit(async (tx) => {
    const { id, versioning, profile } = await requireBucket(tx, bucket)
    if (name === 'lock' && (versioning !== 'enabled' || value === undefined))
      throw objectFault('object/invalid-bucket-state', {
        reason: 'Versioning must be enabled on the bucket to have an object lock.',
      })
    if (name === 'replication' && versioning !== 'enabled' && value !== undefined)
      throw objectFault('object/invalid-bucket-state', {
        reason: 'Versioning must be enabled on the bucket to be replicated.',
      })
    if (name === 'lifecycle') requireClasses(parts, { profile }, value as BucketConfig['lifecycle']) // its type by its name
    if (value !== undefined) await parts.admitConfig?.(tx, name, value)
    const change: ObjectChange = {
      kind: 'object/bucket-configured',
      bucket: id,
      name,
      value: value ?? null,
      ...(name === 'notification' && origin !== undefined
        ? eventOf('TestEvent', { isFollowed: value !== undefined }, origin)
        : {}),
    }
    await tx.record(change)
  })
}

/** `object/unknown-storage-class` where a rule moves objects to one. */
function requireClasses(
  parts: ObjectParts,
  bucket: Pick<BucketRow, 'profile'>,
  rules: readonly LifecycleRule[] = [],
): void {
  for (const { transitions = [], formerTransitions = [] } of rules)
    for (const { storageClass } of [...transitions, ...formerTransitions])
      classProfile(parts, bucket, storageClass)
}

/** All buckets, by name. */
export async function listBuckets(parts: ObjectParts): Promise<readonly BucketInfo[]> {
  const rows = await settled(
    parts,
    () => parts.sql.query<BucketRow>`select * from bucket order by name`,
  )
  return rows.map(bucketInfo)
}

/** Open uploads do not keep a bucket; objects do (`object/bucket-not-empty`). */
export async function deleteBucket(parts: ObjectParts, name: BucketName): Promise<void> {
  await parts.changelog.commit(async (tx) => {
    const { id } = await requireBucket(tx, name)
    const objects = await tx.query`select 1 as found from version where bucket = ${id} limit 1`
    const others = await tx.query`select 1 as found from former where bucket = ${id} limit 1`
    if (objects.length + others.length > 0)
      throw objectFault('object/bucket-not-empty', { bucket: name })
    const body: ObjectChange = { kind: 'object/bucket-deleted', bucket: id }
    await tx.record(body)
  })
}

export async function setVersioning(
  parts: ObjectParts,
  name: BucketName,
  versioning: Versioning,
): Promise<void> {
  await parts.changelog.commit(async (tx) => {
    const found = await requireBucket(tx, name)
    if (found.versioning === versioning) return
    const { lock, replication } = await readConfig(tx, found.id)
    if (versioning === 'suspended' && lock !== undefined)
      throw objectFault('object/invalid-bucket-state', {
        reason:
          'An object lock configuration is present on this bucket, so versioning cannot be suspended.',
      })
    if (versioning === 'suspended' && replication !== undefined)
      throw objectFault('object/invalid-bucket-state', {
        reason:
          'A replication configuration is present on this bucket, so versioning cannot be suspended.',
      })
    const body: ObjectChange = { kind: 'object/bucket-versioned', bucket: found.id, versioning }
    await tx.record(body)
  })
}
