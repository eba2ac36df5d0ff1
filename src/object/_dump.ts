/** The object tables as the shortest series of changes that makes them again (for snapshots). */
import { toBase64url } from '#bytes/text'
import type { SequencedChange } from '#changelog/change'
import type { BucketRow, ObjectChange, PartRow, UploadRow, VersionRow } from '#object/changes'
import type { Queryable } from '#sql/sql'
import { type ExtentJson, extentToJson } from '#store/chunk-record'
import { readExtents } from '#store/tables'

const pageRows = 500
/** Extents that stand in one change; the rest of a longer recipe follows in `object/extents`. */
const extentsPerChange = 1_000

export async function* dumpObjects(tx: Queryable): AsyncGenerator<SequencedChange> {
  const buckets = await tx.query<BucketRow>`select * from bucket order by id`
  for (const { id, at, name, profile, owner } of buckets) {
    const owned = owner === null ? {} : { owner }
    yield changeOf({ sequence: id, at }, { kind: 'object/bucket-created', name, profile, ...owned })
  }
  for (const { id } of buckets) yield* dumpVersions(tx, id)
  yield* dumpUploads(tx)
}

async function* dumpVersions(tx: Queryable, bucket: number): AsyncGenerator<SequencedChange> {
  let after: Uint8Array = new Uint8Array()
  for (;;) {
    const rows = await tx.query<VersionRow>`
      select * from version where bucket = ${bucket} and key > ${after} order by key limit ${pageRows}`
    for (const row of rows) {
      yield* dumpRecipe(tx, row, (extents) => ({
        kind: 'object/put',
        bucket,
        key: toBase64url(row.key),
        bytes: row.bytes,
        etag: row.etag,
        metadata: JSON.parse(row.metadata),
        ...optional('checksum', row.checksum),
        ...optional('parts', row.parts),
        ...(row.upload === null ? {} : { upload: row.upload }),
        chunks: [],
        extents,
      }))
    }
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.key
  }
}

async function* dumpUploads(tx: Queryable): AsyncGenerator<SequencedChange> {
  let after = -1
  for (;;) {
    const rows = await tx.query<UploadRow>`
      select * from upload where sequence > ${after} order by sequence limit ${pageRows}`
    for (const row of rows) {
      yield changeOf(row, {
        kind: 'object/upload-created',
        upload: row.id,
        bucket: row.bucket,
        key: toBase64url(row.key),
        metadata: JSON.parse(row.metadata),
        ...(row.checksum_algorithm === null ? {} : { checksumAlgorithm: row.checksum_algorithm }),
        ...(row.checksum_type === null ? {} : { checksumType: row.checksum_type }),
      } as ObjectChange) // the columns hold only what the same change put there
      yield* dumpParts(tx, row.id)
    }
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.sequence
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
