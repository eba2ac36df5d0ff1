/** The version that is to be copied. */
import type { DeliveryRow, ReplicaJson } from '#delivery/changes'
import { isFault } from '#fault/fault'
import type { BucketName, ObjectKey, ObjectStore, OpenedObject } from '#object/model'
import { versionIdOf } from '#object/names'

export interface ReplicaWork extends ReplicaJson {
  readonly bucket: BucketName
  readonly key: ObjectKey
}

export function replicaOf({ notice }: DeliveryRow): ReplicaWork {
  return JSON.parse(notice) as ReplicaWork // put there by us, with names that were parsed
}

/** `undefined` when it is no more: then there is nothing to copy. */
export async function openSource(
  objects: Pick<ObjectStore, 'open'>,
  { bucket, key, version: sequence }: ReplicaWork,
): Promise<OpenedObject | undefined> {
  try {
    return await objects.open(bucket, key, {
      version: versionIdOf({ sequence, is_null: 0 }),
    })
  } catch (error) {
    if (isFault(error, 'object/no-such-version', 'object/no-such-bucket')) return undefined
    throw error
  }
}
