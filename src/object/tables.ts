/** The tables `bucket`, `version`, `upload`, `part`, and how changes become their rows. */
import { fromBase64url } from '#bytes/text'
import type { ChangeRoom, SequencedChange } from '#changelog/change'
import { dumpObjects } from '#object/_dump'
import { addUsage, countUsage, usageOfParts } from '#object/_usage'
import {
  deleteCurrent,
  type Place,
  putVersion,
  removeOne,
  restoreVersion,
  setTraits,
} from '#object/_versions'
import type { ObjectChange, PartJson } from '#object/changes'
import type { Quota, Usage } from '#object/model'
import type { Queryable } from '#sql/sql'
import { chunkFromJson, extentFromJson } from '#store/chunk-record'
import { adoptExtents, insertChunks, insertExtents, removeExtents } from '#store/tables'

export const objectRoom: ChangeRoom = {
  room: 'object',
  migrations: [createTables, addOwners, addVersions, addUsage, addFollowed, addEncryption],
  apply: applyObjectChange,
  dump: dumpObjects,
}

async function createTables(tx: Queryable): Promise<void> {
  await tx.query`create table bucket (
    id integer primary key, name text not null unique, at integer not null, profile text not null)`
  await tx.query`create table version (
    bucket integer not null, key blob not null, sequence integer not null, at integer not null, bytes integer not null,
    etag text not null, metadata text not null, checksum text, parts text, upload text,
    primary key (bucket, key)) without rowid`
  await tx.query`create table upload (
    id text primary key, bucket integer not null, key blob not null, sequence integer not null, at integer not null,
    metadata text not null, checksum_algorithm text, checksum_type text)`
  await tx.query`create index upload_key on upload (bucket, key, sequence)`
  await tx.query`create table part (
    upload text not null, number integer not null, sequence integer not null, at integer not null,
    bytes integer not null, etag text not null, checksum text, primary key (upload, number))`
}

async function addOwners(tx: Queryable): Promise<void> {
  await tx.query`alter table bucket add column owner text`
}

async function addVersions(tx: Queryable): Promise<void> {
  await tx.query`alter table bucket add column versioning text`
  await tx.query`alter table version add column is_null integer not null default 1`
  await tx.query`create table former (
    bucket integer not null, key blob not null, age integer not null, sequence integer not null, at integer not null,
    bytes integer not null, etag text not null, metadata text not null, checksum text, parts text, upload text,
    is_null integer not null, is_marker integer not null, traits text, primary key (bucket, key, age)) without rowid`
  await tx.query`alter table version add column traits text`
  await tx.query`alter table upload add column traits text`
  await tx.query`create table bucket_config (
    bucket integer not null, name text not null, value text not null, primary key (bucket, name)) without rowid`
}

async function addFollowed(tx: Queryable): Promise<void> {
  await tx.query`alter table bucket add column is_followed integer not null default 0`
}

async function addEncryption(tx: Queryable): Promise<void> {
  await tx.query`alter table version add column encryption text`
  await tx.query`alter table former add column encryption text`
  await tx.query`alter table upload add column encryption text`
}

async function applyObjectChange(tx: Queryable, change: SequencedChange): Promise<void> {
  const { sequence, at } = change
  const body = change.body as ObjectChange // this room wrote it
  switch (body.kind) {
    case 'object/bucket-created':
      await tx.query`insert into bucket (id, name, at, profile, owner)
        values (${sequence}, ${body.name}, ${at}, ${body.profile}, ${body.owner ?? null})`
      return
    case 'object/bucket-deleted':
      return await deleteBucket(tx, body.bucket)
    case 'object/put':
      await countUsage(tx, body.bucket, {
        added: { bytes: body.bytes, objects: 1 },
        removed: await putVersion(tx, change, placeOf(body), body),
      })
      await insertChunks(tx, change, body.chunks.map(chunkFromJson))
      return await insertExtents(tx, sequence, body.extents.map(extentFromJson))
    case 'object/extents':
      return await insertExtents(
        tx,
        BigInt(body.owner),
        body.extents.map(extentFromJson),
        body.ordinal,
      )
    case 'object/deleted':
      return await countUsage(tx, body.bucket, {
        removed: await deleteCurrent(tx, change, placeOf(body), body.versioning),
      })
    case 'object/version-removed':
      return await countUsage(tx, body.bucket, {
        removed: await removeOne(tx, placeOf(body), body.version),
      })
    case 'object/version':
      await restoreVersion(tx, change, placeOf(body), body)
      await countUsage(tx, body.bucket, {
        added: { bytes: body.bytes, objects: body.isMarker ? 0 : 1 },
      })
      return await insertExtents(tx, sequence, body.extents.map(extentFromJson))
    case 'object/traits-set':
      return await setTraits(tx, placeOf(body), body)
    case 'object/moved':
      return await moveVersion(tx, change, body)
    case 'object/bucket-configured':
      await configureBucket(tx, body)
      return await noteFollowers(tx, body.bucket)
    case 'object/owner-quota-set':
      return await putOwnerQuota(tx, change, body)
    case 'object/bucket-versioned':
      await tx.query`update bucket set versioning = ${body.versioning} where id = ${body.bucket}`
      return
    case 'object/upload-created':
      await tx.query`insert into upload (id, bucket, key, sequence, at, metadata, checksum_algorithm, checksum_type, traits, encryption)
        values (${body.upload}, ${body.bucket}, ${fromBase64url(body.key)}, ${sequence}, ${at},
          ${JSON.stringify(body.metadata)}, ${body.checksumAlgorithm ?? null}, ${body.checksumType ?? null}, ${jsonOrNull(body.traits)},
          ${jsonOrNull(body.encryption)})`
      return
    case 'object/part-put':
      return await putPart(tx, change, body)
    case 'object/upload-aborted':
      return await removeUpload(tx, body.upload)
    case 'object/upload-completed': {
      const replaced = await putVersion(tx, change, placeOf(body), body)
      const adopted = await adoptParts(tx, sequence, body)
      const removed = {
        bytes: replaced.bytes + adopted.bytes,
        objects: replaced.objects,
      }
      await countUsage(tx, body.bucket, { added: { bytes: body.bytes, objects: 1 }, removed })
      return await removeUpload(tx, body.upload)
    }
  }
}

function placeOf({ bucket, key }: { readonly bucket: number; readonly key: string }): Place {
  return { bucket, key: fromBase64url(key) }
}

async function moveVersion(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  body: Extract<ObjectChange, { kind: 'object/moved' }>,
): Promise<void> {
  const version = BigInt(body.version)
  await setTraits(tx, placeOf(body), body)
  await removeExtents(tx, version)
  await insertChunks(tx, { sequence, at }, body.chunks.map(chunkFromJson))
  await insertExtents(tx, version, body.extents.map(extentFromJson))
}

async function putPart(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  body: Extract<ObjectChange, { kind: 'object/part-put' }>,
): Promise<void> {
  const replaced = await tx.query<{ sequence: number; bytes: number }>`
    delete from part where upload = ${body.upload} and number = ${body.number} returning sequence, bytes`
  for (const former of replaced) await removeExtents(tx, BigInt(former.sequence))
  await tx.query`insert into part (upload, number, sequence, at, bytes, etag, checksum)
    values (${body.upload}, ${body.number}, ${sequence}, ${at}, ${body.bytes}, ${body.etag}, ${jsonOrNull(body.checksum)})`
  const [upload] = await tx.query<{ bucket: number }>`
    select bucket from upload where id = ${body.upload}`
  if (upload !== undefined) {
    const change = { added: usageOfParts([body]), removed: usageOfParts(replaced) }
    await countUsage(tx, upload.bucket, change)
  }
  await insertChunks(tx, { sequence, at }, body.chunks.map(chunkFromJson))
  await insertExtents(tx, sequence, body.extents.map(extentFromJson))
}

/** Completing concatenates recipes: the parts' extents become the version's, in part order. Returns what the parts held. */
async function adoptParts(
  tx: Queryable,
  sequence: bigint,
  { upload, parts }: { readonly upload: string; readonly parts?: readonly PartJson[] },
): Promise<Usage> {
  let ordinal = 0
  let bytes = 0
  for (const [number] of parts ?? []) {
    const taken = await tx.query<{ sequence: number; bytes: number }>`
      delete from part where upload = ${upload} and number = ${number} returning sequence, bytes`
    for (const part of taken) {
      bytes += part.bytes
      ordinal = await adoptExtents(tx, { from: BigInt(part.sequence), to: sequence, ordinal })
    }
  }
  return { bytes, objects: 0 }
}

async function removeUpload(tx: Queryable, upload: string): Promise<void> {
  const parts = await tx.query<{ sequence: number; bytes: number }>`
    delete from part where upload = ${upload} returning sequence, bytes`
  for (const { sequence } of parts) await removeExtents(tx, BigInt(sequence))
  const removed = await tx.query<{ bucket: number }>`
    delete from upload where id = ${upload} returning bucket`
  for (const { bucket } of removed) await countUsage(tx, bucket, { removed: usageOfParts(parts) })
}

/** The bucket is empty of objects (the commit checked); its open uploads go with it. */
async function deleteBucket(tx: Queryable, bucket: number): Promise<void> {
  const uploads = await tx.query<{ id: string }>`select id from upload where bucket = ${bucket}`
  for (const { id } of uploads) await removeUpload(tx, id)
  await tx.query`delete from bucket_config where bucket = ${bucket}`
  await tx.query`delete from bucket where id = ${bucket}`
}

async function configureBucket(
  tx: Queryable,
  { bucket, name, value }: Extract<ObjectChange, { kind: 'object/bucket-configured' }>,
): Promise<void> {
  if (name === 'quota') await putBucketQuota(tx, bucket, value as Quota | null) // this room wrote it
  if (value === null) {
    await tx.query`delete from bucket_config where bucket = ${bucket} and name = ${name}`
    return
  }
  await tx.query`insert into bucket_config (bucket, name, value) values (${bucket}, ${name}, ${JSON.stringify(value)})
    on conflict (bucket, name) do update set value = excluded.value`
}

/** Beside the setting, where every write looks. */
async function putBucketQuota(tx: Queryable, bucket: number, quota: Quota | null): Promise<void> {
  await tx.query`
    update bucket set quota_bytes = ${quota?.bytes ?? null}, quota_objects = ${quota?.objects ?? null} where id = ${bucket}`
}

async function putOwnerQuota(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  { owner, quota }: Extract<ObjectChange, { kind: 'object/owner-quota-set' }>,
): Promise<void> {
  await tx.query`delete from owner_quota where owner = ${owner}`
  if (quota === null) return
  await tx.query`insert into owner_quota (owner, bytes, objects, sequence, at)
    values (${owner}, ${quota.bytes ?? null}, ${quota.objects ?? null}, ${sequence}, ${at})`
}

/** Kept beside the bucket, so that writes into one that nobody follows need not look. */
async function noteFollowers(tx: Queryable, bucket: number): Promise<void> {
  const rules = await tx.query`
    select 1 as found from bucket_config where bucket = ${bucket} and name in ('notification', 'replication')`
  await tx.query`update bucket set is_followed = ${rules.length === 0 ? 0 : 1} where id = ${bucket}`
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}
