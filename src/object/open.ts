/** Reading: the object as it is at one moment, undisturbed by later writes. */

import { type ObjectParts, settled } from '#object/_parts'
import { objectFault } from '#object/faults'
import type { BucketName, ObjectInfo, ObjectKey, OpenedObject } from '#object/model'
import { findIn, objectInfo } from '#object/rows'
import type { Extent } from '#store/chunk-record'
import { readStripes, readWhole } from '#store/read'
import { readExtents } from '#store/tables'
import { flat } from '#stream/flat'

export async function headObject(
  parts: ObjectParts,
  bucket: BucketName,
  key: ObjectKey,
): Promise<ObjectInfo> {
  return await settled(parts, async () => {
    const { version } = await findIn(parts.sql, bucket, key)
    if (version === undefined) throw objectFault('object/no-such-key', { bucket, key })
    return objectInfo({ bucket, key }, version)
  })
}

export async function openObject(
  parts: ObjectParts,
  bucket: BucketName,
  key: ObjectKey,
): Promise<OpenedObject> {
  // Before the look-up: from here on nothing the object is made of is collected.
  const release = parts.store.beginActivity()
  try {
    const { info, extents } = await lookUp(parts, bucket, key)
    const readGroups: OpenedObject['readGroups'] = (range, { signal }) => {
      const first = range?.first ?? 0
      const end = range === undefined ? info.bytes : range.last + 1
      if (first >= end) return nothing()
      return readStripes(parts.store, extents, { first, end, signal })
    }
    return {
      info,
      release,
      readGroups,
      read: (...args) => flat(readGroups(...args)),
      readWhole: (options) => readWhole(parts.store, extents, { ...options, bytes: info.bytes }),
    }
  } catch (error) {
    release()
    throw error
  }
}

/** The version and its recipe, of the same moment: an overwrite between the two queries takes the recipe away, and is seen so. */
async function lookUp(
  parts: ObjectParts,
  bucket: BucketName,
  key: ObjectKey,
): Promise<{ readonly info: ObjectInfo; readonly extents: readonly Extent[] }> {
  for (;;) {
    const info = await headObject(parts, bucket, key)
    const extents = await readExtents(parts.sql, info.sequence)
    const bytes = extents.reduce((sum, extent) => sum + extent.bytes, 0)
    if (bytes === info.bytes) return { info, extents }
  }
}

async function* nothing(): AsyncGenerator<never> {}
