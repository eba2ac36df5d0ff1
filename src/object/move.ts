/** A version's data, stored anew in the profile of another storage class: the same version, the same bytes, another recipe. */
import { toBase64url } from '#bytes/text'
import { classProfile, type ObjectParts } from '#object/_parts'
import { withStoredBody } from '#object/_store-body'
import type { Place } from '#object/_versions'
import type { BucketRow, ObjectChange } from '#object/changes'
import { outerKeyOf } from '#object/encryption'
import { eventOf } from '#object/events'
import { objectFault } from '#object/faults'
import { findEntry } from '#object/lifecycle-entries'
import { toldVersionId } from '#object/names'
import { encryptionOf, findBucketById, traitsOf, versioningOf, withClass } from '#object/rows'
import type { Queryable } from '#sql/sql'
import { readBody } from '#store/read'
import { readExtents } from '#store/tables'

/**
 * False when the version is no more. `stillDue` is asked inside the commit; when it says no, `object/precondition-failed`. `store/unreadable`,
 * `object/unknown-storage-class`; `object/customer-key-needed` of what its writer alone can open, and the faults of `KeyService.derive`
 */
export async function moveVersion(
  parts: ObjectParts,
  { bucket, key, sequence }: Place & { readonly sequence: number },
  {
    storageClass,
    stillDue,
    signal,
  }: {
    readonly storageClass: string
    readonly stillDue: (tx: Queryable) => Promise<boolean>
    readonly signal: AbortSignal
  },
): Promise<boolean> {
  const [row] = await parts.sql.query<BucketRow>`select * from bucket where id = ${bucket}`
  if (row === undefined) return false
  const profile = classProfile(parts, row, storageClass)
  // From here on nothing the version is made of is collected.
  const release = parts.store.beginActivity()
  try {
    const found = await findEntry(parts.sql, { bucket, key }, sequence)
    if (found === undefined) return false
    const { bytes } = found.row
    const locked = { ...encryptionOf(found.row), customerKey: undefined }
    const outerKey = await outerKeyOf(parts, parts.sql, locked)
    const extents = await readExtents(parts.sql, BigInt(sequence))
    const held = extents.reduce((sum, extent) => sum + extent.bytes, 0)
    if (held !== bytes) return false // it went between the two queries
    const body = {
      stream: readBody(parts.store, extents, { first: 0, end: bytes, outerKey, signal }),
      bytes,
      digests: [],
      verify: () => undefined,
    }
    return await withStoredBody(parts, body, {
      profile,
      outerKey,
      signal,
      commit: ({ chunks, extents }, refuse) =>
        parts.changelog.commit(async (tx) => {
          const now = await findEntry(tx, { bucket, key }, sequence)
          if (now === undefined || !(await stillDue(tx)))
            return refuse(objectFault('object/precondition-failed', { condition: 'still due' }))
          const home = await findBucketById(tx, bucket)
          const { etag } = now.row
          const named = toldVersionId(now.row, versioningOf(home).versioning)
          const change: ObjectChange = {
            kind: 'object/moved',
            bucket,
            key: toBase64url(key),
            version: sequence,
            traits: withClass(traitsOf(now.row), storageClass),
            chunks,
            extents,
            ...eventOf(
              'LifecycleTransition',
              { isFollowed: home.is_followed === 1 },
              { means: 'lifecycle' },
              { bytes, etag, storageClass, ...named },
            ),
          }
          await tx.record(change)
          return true
        }),
    })
  } finally {
    release()
  }
}
