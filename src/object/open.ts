/** Reading: the object as it is at one moment, undisturbed by later writes. */

import { settled } from '#changelog/settled'
import { Fault } from '#fault/fault'
import type { ObjectParts } from '#object/_parts'
import { outerKeyOf } from '#object/encryption'
import { objectFault } from '#object/faults'
import type { BucketName, ObjectInfo, ObjectKey, OpenedObject, VersionId } from '#object/model'
import { versionIdOf } from '#object/names'
import { findIn, objectInfo, requireBucket, versioningOf } from '#object/rows'
import { findMarker, findVersionById } from '#object/versions'
import type { Queryable } from '#sql/sql'
import type { Extent } from '#store/chunk-record'
import { readStripes, readWhole } from '#store/read'
import { readExtents } from '#store/tables'
import { flat } from '#stream/flat'

/** A key, or one version of it. */
export interface ObjectAddress {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly version?: VersionId | undefined
}

export async function headObject(parts: ObjectParts, address: ObjectAddress): Promise<ObjectInfo> {
  return await settled(parts, () => requireInfo(parts.sql, address))
}

/** `object/no-such-key`, `object/no-such-version`, `object/delete-marker` */
export async function requireInfo(tx: Queryable, address: ObjectAddress): Promise<ObjectInfo> {
  const { version: named } = address
  if (named !== undefined) return await requireVersion(tx, address, named)
  const { bucket, versioning, version } = await findIn(tx, address.bucket, address.key)
  if (version !== undefined) return objectInfo({ ...address, versioning }, version)
  const marker =
    versioning === undefined ? undefined : await findMarker(tx, { bucket, key: address.key })
  throw objectFault('object/no-such-key', {
    bucket: address.bucket,
    key: address.key,
    ...(marker === undefined ? {} : { marker: versionIdOf(marker) }),
  })
}

async function requireVersion(
  tx: Queryable,
  { bucket: name, key }: ObjectAddress,
  version: VersionId,
): Promise<ObjectInfo> {
  const bucket = await requireBucket(tx, name)
  const found = await findVersionById(tx, { bucket: bucket.id, key }, version)
  if (found === undefined) throw objectFault('object/no-such-version', { key, version })
  if (found.is_marker === 1)
    throw objectFault('object/delete-marker', { key, version, modifiedAt: found.at })
  return objectInfo({ bucket: name, key, ...versioningOf(bucket) }, found)
}

export async function openObject(
  parts: ObjectParts,
  { customerKey, ...address }: ObjectAddress & { readonly customerKey?: Uint8Array | undefined },
): Promise<OpenedObject> {
  // Before the look-up: from here on nothing the object is made of is collected.
  const release = parts.store.beginActivity()
  try {
    const { info, extents } = await lookUp(parts, address)
    const key = await outerKeyOf(parts, parts.sql, {
      encryption: info.encryption,
      customerKey,
    }).then((outerKey) => ({ outerKey }), refusalOf)
    const unlocked = (): { readonly outerKey: Uint8Array | undefined } => {
      if ('refusal' in key) throw key.refusal
      return key
    }
    const readGroups: OpenedObject['readGroups'] = (range, { signal }) => {
      const first = range?.first ?? 0
      const end = range === undefined ? info.bytes : range.last + 1
      if (first >= end) return nothing()
      return readStripes(parts.store, extents, { ...unlocked(), first, end, signal })
    }
    return {
      info,
      release,
      readGroups,
      read: (...args) => flat(readGroups(...args)),
      readWhole: async (options) =>
        await readWhole(parts.store, extents, { ...options, ...unlocked(), bytes: info.bytes }),
    }
  } catch (error) {
    release()
    throw error
  }
}

/** What a key is refused for is told when it would be used: without it an object is known, but not read. */
function refusalOf(error: unknown): { readonly refusal: Fault } {
  if (error instanceof Fault) return { refusal: error }
  throw error
}

/** The version and its recipe, of the same moment: an overwrite between the two queries takes the recipe away, and is seen so. */
async function lookUp(
  parts: ObjectParts,
  address: ObjectAddress,
): Promise<{ readonly info: ObjectInfo; readonly extents: readonly Extent[] }> {
  for (;;) {
    const info = await headObject(parts, address)
    const extents = await readExtents(parts.sql, info.sequence)
    const bytes = extents.reduce((sum, extent) => sum + extent.bytes, 0)
    if (bytes === info.bytes) return { info, extents }
  }
}

async function* nothing(): AsyncGenerator<never> {}
