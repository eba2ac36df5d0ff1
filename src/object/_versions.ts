/**
 * How versions become rows. `version` has what a read or a listing sees: the newest version of each key, unless that is a delete marker.
 * `former` has all others, markers too. Part of `apply`: pure functions of the rows and the change.
 */
import { strict as assert } from 'node:assert'
import type { SequencedChange } from '#changelog/change'
import { nothing, usageOfVersions } from '#object/_usage'
import type { VersionJson } from '#object/changes'
import type { Traits, Usage, Versioning } from '#object/model'
import type { Queryable } from '#sql/sql'
import { removeExtents } from '#store/tables'

/** A key of a bucket, as rows name it. */
export interface Place {
  readonly bucket: number
  readonly key: Uint8Array
}

/**
 * The new version is the current one. What it takes the place of stays beside it while the bucket keeps versions, and otherwise goes:
 * returns that, as all of these do.
 */
export async function putVersion(
  tx: Queryable,
  change: SequencedChange,
  place: Place,
  body: NewVersion,
): Promise<Usage> {
  const mayBeNew = body.versioning === undefined // as most keys are: then nothing need make way
  if (mayBeNew && (await addVersion(tx, change, place, body))) return nothing
  const removed = await makeWay(tx, place, body.versioning)
  const isAdded = await addVersion(tx, change, place, body)
  assert(isAdded)
  return removed
}

type NewVersion = VersionJson & { readonly upload?: string }

/** False when the key has a current version. */
async function addVersion(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  place: Place,
  body: NewVersion,
): Promise<boolean> {
  const added = await tx.query`
    insert into version (bucket, key, sequence, at, bytes, etag, metadata, checksum, parts, upload, is_null, traits, encryption)
    values (${place.bucket}, ${place.key}, ${sequence}, ${at}, ${body.bytes}, ${body.etag}, ${JSON.stringify(body.metadata)},
      ${jsonOrNull(body.checksum)}, ${jsonOrNull(body.parts)}, ${body.upload ?? null}, ${body.versioning === 'enabled' ? 0 : 1},
      ${jsonOrNull(body.traits)}, ${jsonOrNull(body.encryption)})
    on conflict (bucket, key) do nothing returning 1 as added`
  return added.length > 0
}

/** Without versions the object is gone; with them a marker says so, and the object stays behind it. */
export async function deleteCurrent(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  place: Place,
  versioning: Versioning | undefined,
): Promise<Usage> {
  const removed = await makeWay(tx, place, versioning)
  if (versioning === undefined) return removed
  await tx.query`
    insert into former (bucket, key, age, sequence, at, bytes, etag, metadata, is_null, is_marker)
    values (${place.bucket}, ${place.key}, ${-sequence}, ${sequence}, ${at}, 0, '', '{}', ${versioning === 'enabled' ? 0 : 1}, 1)`
  return removed
}

/** For good, whatever it is. What was behind it comes forward. */
export async function removeOne(tx: Queryable, place: Place, sequence: number): Promise<Usage> {
  const { bucket, key } = place
  const current = await tx.query<{ bytes: number }>`
    delete from version where bucket = ${bucket} and key = ${key} and sequence = ${sequence} returning bytes`
  const former = await tx.query<{ bytes: number; is_marker: number }>`
    delete from former where bucket = ${bucket} and key = ${key} and age = ${-sequence} returning bytes, is_marker`
  await removeExtents(tx, BigInt(sequence))
  await bringForward(tx, place)
  return usageOfVersions([...current, ...former])
}

export async function setTraits(
  tx: Queryable,
  { bucket, key }: Place,
  { version, traits }: { readonly version: number; readonly traits: Traits },
): Promise<void> {
  const json = JSON.stringify(traits)
  await tx.query`
    update version set traits = ${json} where bucket = ${bucket} and key = ${key} and sequence = ${version}`
  await tx.query`
    update former set traits = ${json} where bucket = ${bucket} and key = ${key} and age = ${-version}`
}

/** A version as it stands, in a snapshot. */
export async function restoreVersion(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  place: Place,
  body: VersionJson & {
    readonly upload?: string
    readonly isCurrent: boolean
    readonly isNull: boolean
    readonly isMarker: boolean
  },
): Promise<void> {
  const { bucket, key } = place
  const metadata = JSON.stringify(body.metadata)
  const checksum = jsonOrNull(body.checksum)
  const parts = jsonOrNull(body.parts)
  const upload = body.upload ?? null
  const isNull = body.isNull ? 1 : 0
  const traits = jsonOrNull(body.traits)
  const encryption = jsonOrNull(body.encryption)
  if (body.isCurrent) {
    await tx.query`
      insert into version (bucket, key, sequence, at, bytes, etag, metadata, checksum, parts, upload, is_null, traits, encryption)
      values (${bucket}, ${key}, ${sequence}, ${at}, ${body.bytes}, ${body.etag}, ${metadata}, ${checksum}, ${parts}, ${upload}, ${isNull},
        ${traits}, ${encryption})`
    return
  }
  await tx.query`
    insert into former (bucket, key, age, sequence, at, bytes, etag, metadata, checksum, parts, upload, is_null, is_marker, traits, encryption)
    values (${bucket}, ${key}, ${-sequence}, ${sequence}, ${at}, ${body.bytes}, ${body.etag}, ${metadata}, ${checksum}, ${parts},
      ${upload}, ${isNull}, ${body.isMarker ? 1 : 0}, ${traits}, ${encryption})`
}

async function makeWay(
  tx: Queryable,
  place: Place,
  versioning: Versioning | undefined,
): Promise<Usage> {
  if (versioning === undefined) return await removeCurrent(tx, place)
  const removed = versioning === 'suspended' ? await removeNull(tx, place) : nothing
  const { bucket, key } = place
  await tx.query`
    insert into former (bucket, key, age, sequence, at, bytes, etag, metadata, checksum, parts, upload, is_null, is_marker, traits, encryption)
    select bucket, key, -sequence, sequence, at, bytes, etag, metadata, checksum, parts, upload, is_null, 0, traits, encryption
    from version where bucket = ${bucket} and key = ${key}`
  await tx.query`delete from version where bucket = ${bucket} and key = ${key}`
  return removed
}

async function removeCurrent(tx: Queryable, { bucket, key }: Place): Promise<Usage> {
  const removed = await tx.query<{ sequence: number; bytes: number }>`
    delete from version where bucket = ${bucket} and key = ${key} returning sequence, bytes`
  for (const { sequence } of removed) await removeExtents(tx, BigInt(sequence))
  return usageOfVersions(removed)
}

async function removeNull(tx: Queryable, { bucket, key }: Place): Promise<Usage> {
  const current = await tx.query<{ sequence: number; bytes: number }>`
    delete from version where bucket = ${bucket} and key = ${key} and is_null = 1 returning sequence, bytes`
  const former = await tx.query<{ sequence: number; bytes: number; is_marker: number }>`
    delete from former where bucket = ${bucket} and key = ${key} and is_null = 1 returning sequence, bytes, is_marker`
  for (const { sequence } of [...current, ...former]) await removeExtents(tx, BigInt(sequence))
  return usageOfVersions([...current, ...former])
}

async function bringForward(tx: Queryable, { bucket, key }: Place): Promise<void> {
  const [current] = await tx.query`
    select 1 as found from version where bucket = ${bucket} and key = ${key}`
  if (current !== undefined) return
  const [newest] = await tx.query<{ age: number; is_marker: number }>`
    select age, is_marker from former where bucket = ${bucket} and key = ${key} order by age limit 1`
  if (newest === undefined || newest.is_marker === 1) return
  await tx.query`
    insert into version (bucket, key, sequence, at, bytes, etag, metadata, checksum, parts, upload, is_null, traits, encryption)
    select bucket, key, sequence, at, bytes, etag, metadata, checksum, parts, upload, is_null, traits, encryption
    from former where bucket = ${bucket} and key = ${key} and age = ${newest.age}`
  await tx.query`
    delete from former where bucket = ${bucket} and key = ${key} and age = ${newest.age}`
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}
