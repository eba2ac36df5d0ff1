/** The object tables as the shortest series of changes that makes them again (for snapshots). */
import { toBase64url } from '#bytes/text'
import type { SequencedChange } from '#changelog/change'
import type {
  BucketRow,
  FormerRow,
  ObjectChange,
  OwnerQuotaRow,
  PartRow,
  UploadRow,
  VersionJson,
  VersionRow,
} from '#object/changes'
import type { BucketConfig, Versioning } from '#object/model'
import { readConfig } from '#object/rows'
import type { Queryable } from '#sql/sql'
import { walkRows } from '#sql/walk'
import { type ExtentJson, extentToJson } from '#store/chunk-record'
import { readExtents } from '#store/tables'

const pageRows = 500
/** Extents that stand in one change; the rest of a longer recipe follows in `object/extents`. */
const extentsPerChange = 1_000
/** Before all others. */
const noKey = new Uint8Array()

export async function* dumpObjects(tx: Queryable): AsyncGenerator<SequencedChange> {
  const buckets = await tx.query<BucketRow>`select * from bucket order by id`
  for (const { id, at, name, profile, owner, versioning } of buckets) {
    const owned = owner === null ? {} : { owner }
    yield changeOf({ sequence: id, at }, { kind: 'object/bucket-created', name, profile, ...owned })
    if (versioning !== null) {
      const versioned = { bucket: id, versioning: versioning as Versioning } // put there by us
      yield changeOf({ sequence: id, at }, { kind: 'object/bucket-versioned', ...versioned })
    }
    for (const [name, value] of Object.entries(await readConfig(tx, id))) {
      const configured = { bucket: id, name: name as keyof BucketConfig, value } // likewise
      yield changeOf({ sequence: id, at }, { kind: 'object/bucket-configured', ...configured })
    }
  }
  for (const { id, versioning } of buckets) {
    yield* dumpVersions(tx, id)
    if (versioning !== null) yield* dumpFormer(tx, id)
  }
  yield* dumpUploads(tx)
  yield* dumpOwnerQuotas(tx)
}

async function* dumpVersions(tx: Queryable, bucket: number): AsyncGenerator<SequencedChange> {
  const rows = walkRows<VersionRow>(
    (last) => tx.query`
      select * from version where bucket = ${bucket} and key > ${last?.key ?? noKey} order by key limit ${pageRows}`,
  )
  for await (const row of rows) {
    if (row.is_null === 0) {
      yield* dumpVersion(tx, bucket, row, { isCurrent: true, isMarker: false })
      continue
    }
    yield* dumpRecipe(tx, row, (extents) => ({
      kind: 'object/put',
      ...versionJson(bucket, row),
      chunks: [],
      extents,
    }))
  }
}

async function* dumpFormer(tx: Queryable, bucket: number): AsyncGenerator<SequencedChange> {
  const rows = walkRows<FormerRow>(
    (last) => tx.query`
      select * from former where bucket = ${bucket} and (key, age) > (${last?.key ?? noKey}, ${last?.age ?? 0})
      order by key, age limit ${pageRows}`,
  )
  for await (const row of rows)
    yield* dumpVersion(tx, bucket, row, { isCurrent: false, isMarker: row.is_marker === 1 })
}

function dumpVersion(
  tx: Queryable,
  bucket: number,
  row: VersionRow,
  as: { readonly isCurrent: boolean; readonly isMarker: boolean },
): AsyncGenerator<SequencedChange> {
  return dumpRecipe(tx, row, (extents) => ({
    kind: 'object/version',
    ...versionJson(bucket, row),
    ...as,
    isNull: row.is_null === 1,
    extents,
  }))
}

function versionJson(bucket: number, row: VersionRow): VersionJson & { readonly upload?: string } {
  return {
    bucket,
    key: toBase64url(row.key),
    bytes: row.bytes,
    etag: row.etag,
    metadata: JSON.parse(row.metadata),
    ...optional('checksum', row.checksum),
    ...optional('parts', row.parts),
    ...(row.upload === null ? {} : { upload: row.upload }),
    ...optional('traits', row.traits),
    ...optional('encryption', row.encryption),
  }
}

async function* dumpUploads(tx: Queryable): AsyncGenerator<SequencedChange> {
  const rows = walkRows<UploadRow>(
    (last) => tx.query`
      select * from upload where sequence > ${last?.sequence ?? -1} order by sequence limit ${pageRows}`,
  )
  for await (const row of rows) {
    yield changeOf(row, {
      kind: 'object/upload-created',
      upload: row.id,
      bucket: row.bucket,
      key: toBase64url(row.key),
      metadata: JSON.parse(row.metadata),
      ...optional('traits', row.traits),
      ...optional('encryption', row.encryption),
      ...(row.checksum_algorithm === null ? {} : { checksumAlgorithm: row.checksum_algorithm }),
      ...(row.checksum_type === null ? {} : { checksumType: row.checksum_type }),
    } as ObjectChange) // the columns hold only what the same change put there
    yield* dumpParts(tx, row.id)
  }
}

async function* dumpOwnerQuotas(tx: Queryable): AsyncGenerator<SequencedChange> {
  const rows = walkRows<OwnerQuotaRow>(
    (last) => tx.query`
      select * from owner_quota where sequence > ${last?.sequence ?? -1} order by sequence limit ${pageRows}`,
  )
  for await (const row of rows) {
    const { owner, bytes, objects } = row
    const quota = {
      ...(bytes === null ? {} : { bytes }),
      ...(objects === null ? {} : { objects }),
    }
    yield changeOf(row, { kind: 'object/owner-quota-set', owner, quota })
  }
}

async function* dumpParts(tx: Queryable, upload: string): AsyncGenerator<SequencedChange> {
  const rows = await tx.query<PartRow>`select * from part where upload = ${upload} order by number`
  for (const row of rows) {
    yield* dumpRecipe(tx, row, (extents) => ({
      kind: 'object/part-put',
      upload,
      number: row.number,
      bytes: row.bytes,
      etag: row.etag,
      ...optional('checksum', row.checksum),
      chunks: [],
      extents,
    }))
  }
}

async function* dumpRecipe(
  tx: Queryable,
  row: { readonly sequence: number; readonly at: number },
  first: (extents: readonly ExtentJson[]) => ObjectChange,
): AsyncGenerator<SequencedChange> {
  const extents = (await readExtents(tx, BigInt(row.sequence))).map(extentToJson)
  yield changeOf(row, first(extents.slice(0, extentsPerChange)))
  for (let ordinal = extentsPerChange; ordinal < extents.length; ordinal += extentsPerChange) {
    const page = extents.slice(ordinal, ordinal + extentsPerChange)
    yield changeOf(row, { kind: 'object/extents', owner: row.sequence, ordinal, extents: page })
  }
}

function changeOf(
  { sequence, at }: { readonly sequence: number; readonly at: number },
  body: ObjectChange,
): SequencedChange {
  return { sequence: BigInt(sequence), at, body }
}

function optional(name: string, json: string | null): Record<string, unknown> {
  return json === null ? {} : { [name]: JSON.parse(json) }
}
