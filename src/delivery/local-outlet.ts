/** Copies into other buckets of this store: they share chunks, so that a copy of any length takes a moment. */
import { deliveryFault } from '#delivery/faults'
import type { Outlet } from '#delivery/outlet'
import { openSource, type ReplicaWork, replicaOf } from '#delivery/source'
import type {
  BucketFacts,
  BucketName,
  EncryptionWish,
  ObjectInfo,
  ObjectStore,
  Traits,
} from '#object/model'
import { versionIdOf } from '#object/names'
import type { Origin } from '#object/origin'
import { withClass } from '#object/rows'

export interface LocalOutletParts {
  readonly objects: Pick<ObjectStore, 'open' | 'headBucket' | 'copy' | 'delete'>
  /** Canonical id of whom buckets without an owner belong to. */
  readonly root: string
  readonly mayReplicate: MayReplicate
}

/** Whether somebody, by canonical id, may still do this with a key of that bucket. */
export type MayReplicate = (
  who: string,
  bucket: BucketFacts,
  asked: { readonly action: 's3:ReplicateObject' | 's3:ReplicateDelete'; readonly key: string },
) => Promise<boolean>

function originOf({ by: principal }: ReplicaWork): Origin {
  return { means: 'replication', principal }
}

export function localOutlet(parts: LocalOutletParts): Outlet {
  return {
    async deliver(row, { signal }) {
      const work = replicaOf(row)
      const target = await admitted(parts, work)
      if (work.replicate === 'object') await copy(parts, work, { target, signal })
      else await parts.objects.delete(target.name, work.key, { origin: originOf(work) })
    },
    async try() {},
    async [Symbol.asyncDispose]() {},
  }
}

/** The bucket that takes the copy. `object/no-such-bucket`, `delivery/refused` */
async function admitted(
  { objects, mayReplicate }: LocalOutletParts,
  { replicate, to, by, key }: ReplicaWork,
): Promise<BucketFacts> {
  const target = await objects.headBucket(to as BucketName) // the door has parsed it
  if (target.versioning !== 'enabled')
    throw deliveryFault('delivery/refused', { reason: `${to} keeps no versions` })
  const action = replicate === 'object' ? 's3:ReplicateObject' : 's3:ReplicateDelete'
  if (!(await mayReplicate(by, target, { action, key })))
    throw deliveryFault('delivery/refused', { reason: `${by} may not replicate into ${to}` })
  return target
}

async function copy(
  parts: LocalOutletParts,
  work: ReplicaWork,
  { target, signal }: { readonly target: BucketFacts; readonly signal: AbortSignal },
): Promise<void> {
  const opened = await openSource(parts.objects, work)
  if (opened === undefined) return
  try {
    const { bucket, key, version: sequence } = work
    const { info } = opened
    const { websiteRedirectLocation } = info.metadata
    const source = { bucket, key, version: versionIdOf({ sequence, is_null: 0 }) }
    const { owner = parts.root } = await parts.objects.headBucket(bucket)
    const traits = traitsOf(info, work, { target, owner, root: parts.root })
    await parts.objects.copy(
      source,
      { bucket: target.name, key },
      {
        traits,
        encryption: target.config.encryption ?? wishOf(info),
        origin: originOf(work),
        ...(websiteRedirectLocation === undefined ? {} : { websiteRedirectLocation }),
        signal,
      },
    )
  } finally {
    opened.release()
  }
}

/** What is under a key of its own is not copied. */
function wishOf({ encryption }: ObjectInfo): EncryptionWish | undefined {
  return encryption?.kind === 'AES256' ? { kind: 'AES256' } : undefined
}

/** Whose the source is, the copy is, unless all in its bucket is the bucket owner's; likewise with grants. A lock is kept where there are locks. */
function traitsOf(
  { traits }: ObjectInfo,
  { storageClass = traits.storageClass }: ReplicaWork,
  {
    target,
    owner,
    root,
  }: { readonly target: BucketFacts; readonly owner: string; readonly root: string },
): Traits {
  const { tags, retention, legalHold, grants } = traits
  const isLockable = target.config.lock !== undefined
  const isOwnersAlone = target.config.ownership === 'BucketOwnerEnforced'
  const its = traits.owner ?? owner
  return {
    ...(isOwnersAlone || its === (target.owner ?? root) ? {} : { owner: its }),
    ...(isOwnersAlone || grants === undefined ? {} : { grants }),
    ...(tags === undefined ? {} : { tags }),
    ...(isLockable && retention !== undefined ? { retention } : {}),
    ...(isLockable && legalHold !== undefined ? { legalHold } : {}),
    ...(storageClass === undefined ? {} : withClass({}, storageClass)),
    replication: 'REPLICA',
  }
}
