/** All versions in bytewise key order, newest first, with common prefixes. Work is bounded by the page, not by what lies under a prefix. */
import { settled } from '#changelog/settled'
import type { ObjectParts } from '#object/_parts'
import type { FormerRow, VersionRow } from '#object/changes'
import { commonPrefixOf, isCommonPrefix, keyBehind, successorOf } from '#object/list'
import type {
  BucketName,
  VersionEntry,
  VersionId,
  Versioning,
  VersionPage,
  VersionQuery,
} from '#object/model'
import { nullVersion, versionIdOf } from '#object/names'
import { keyBytes, keyText, objectInfo, requireBucket, versioningOf } from '#object/rows'
import type { AnyVersion } from '#object/versions'
import type { Queryable } from '#sql/sql'

/** Rows of one table read at once while keys keep falling under common prefixes, each of which is skipped by one seek. */
const rowsAfterSkip = 8

export async function listVersions(
  parts: ObjectParts,
  name: BucketName,
  query: VersionQuery,
): Promise<VersionPage> {
  return await settled(parts, async () => {
    const bucket = await requireBucket(parts.sql, name)
    const { versioning } = versioningOf(bucket)
    return await page(parts.sql, { name, id: bucket.id, versioning }, query)
  })
}

interface Place {
  readonly key: Uint8Array
  /** Entries of the key that are older than this: ages above it. */
  readonly age: number
}

type Row = AnyVersion & VersionRow

async function page(
  sql: Queryable,
  bucket: {
    readonly name: BucketName
    readonly id: number
    readonly versioning: Versioning | undefined
  },
  query: VersionQuery,
): Promise<VersionPage> {
  const { prefix, delimiter, limit } = query
  const versions: VersionEntry[] = []
  const commonPrefixes: string[] = []
  if (limit === 0) return { versions, commonPrefixes }
  const end = successorOf(keyBytes(prefix))
  let from = await startOf(sql, bucket.id, query)
  let rows = delimiter === undefined ? limit + 1 : rowsAfterSkip
  while (from !== undefined) {
    const batch = await readEntries(sql, { id: bucket.id, from, end, rows })
    let skipTo: { readonly to: Place | undefined } | undefined
    for (const [index, row] of batch.entries()) {
      if (versions.length + commonPrefixes.length === limit)
        return { versions, commonPrefixes, next: lastOf(versions, commonPrefixes) }
      const common = commonPrefixOf(row.key, { prefix, delimiter })
      if (common === undefined) {
        const isLatest =
          index === 0
            ? !isSameKey(row.key, from) || (await isNewest(sql, bucket.id, row))
            : !isSameKey(row.key, batch[index - 1])
        versions.push(entryOf(row, { bucket, isLatest }))
        continue
      }
      commonPrefixes.push(common)
      const behind = successorOf(keyBytes(common))
      skipTo = { to: behind && { key: behind, age: newestAge } }
      break
    }
    const last = batch.at(-1)
    if (skipTo === undefined && (last === undefined || batch.length < rows)) break
    rows = skipTo === undefined ? Math.min(rows * 2, limit + 1) : rowsAfterSkip
    from = skipTo === undefined ? last && { key: last.key, age: last.age } : skipTo.to
  }
  return { versions, commonPrefixes }
}

/** Below every age: those are negative sequence numbers. */
export const newestAge = Number.MIN_SAFE_INTEGER

/** Whether entries of the key came before this place. */
function isSameKey(key: Uint8Array, former: Place | undefined): boolean {
  return former !== undefined && former.age !== newestAge && Buffer.compare(key, former.key) === 0
}

/** What a former page has told of the key may be gone. */
async function isNewest(sql: Queryable, bucket: number, { key, age }: Place): Promise<boolean> {
  const newer = await readEntries(sql, {
    id: bucket,
    from: { key, age: newestAge },
    end: successorOf(key),
    rows: 1,
  })
  return newer.every((one) => Buffer.compare(one.key, key) !== 0 || one.age >= age)
}

function entryOf(
  row: Row & Place,
  {
    bucket: { name, versioning },
    isLatest,
  }: {
    readonly bucket: { readonly name: BucketName; readonly versioning: Versioning | undefined }
    readonly isLatest: boolean
  },
): VersionEntry {
  const key = keyText(row.key)
  return {
    key,
    versionId: versionIdOf(row),
    isLatest,
    modifiedAt: row.at,
    info: row.is_marker === 1 ? undefined : objectInfo({ bucket: name, key, versioning }, row),
  }
}

/** Where a page begins: behind what the former one told. */
async function startOf(
  sql: Queryable,
  bucket: number,
  { prefix, delimiter, afterKey, afterVersion }: VersionQuery,
): Promise<Place | undefined> {
  const start = { key: keyBytes(prefix), age: newestAge }
  if (afterKey === undefined) return start
  const key = keyBytes(afterKey)
  if (isCommonPrefix(afterKey, { prefix, delimiter })) {
    const behind = successorOf(key)
    return behind && latest(start, { key: behind, age: newestAge })
  }
  if (afterVersion === undefined) return latest(start, { key: keyBehind(key), age: newestAge })
  return latest(start, { key, age: await ageOf(sql, { bucket, key }, afterVersion) })
}

function latest(one: Place, other: Place): Place {
  return Buffer.compare(one.key, other.key) > 0 ? one : other
}

/** Of a version that is no more, where it was. A null version that is no more was the oldest, for all we know. */
async function ageOf(
  sql: Queryable,
  { bucket, key }: { readonly bucket: number; readonly key: Uint8Array },
  version: VersionId,
): Promise<number> {
  if (version !== nullVersion) return -Number.parseInt(version, 16)
  const [current] = await sql.query<{ sequence: number }>`
    select sequence from version where bucket = ${bucket} and key = ${key} and is_null = 1`
  const [former] = await sql.query<{ sequence: number }>`
    select sequence from former where bucket = ${bucket} and key = ${key} and is_null = 1`
  return -(current ?? former ?? { sequence: 0 }).sequence
}

/** The next rows of both tables behind a place, in order. */
export async function readEntries(
  sql: Queryable,
  {
    id,
    from,
    end,
    rows,
  }: {
    readonly id: number
    readonly from: Place
    readonly end: Uint8Array | undefined
    readonly rows: number
  },
): Promise<readonly (Row & Place)[]> {
  const upTo = end ?? Buffer.alloc(0)
  const isOpen = end === undefined ? 1 : 0
  const current = await sql.query<VersionRow>`
    select * from version where bucket = ${id} and (key, -sequence) > (${from.key}, ${from.age}) and key >= ${from.key}
      and (${isOpen} = 1 or key < ${upTo}) order by key limit ${rows}`
  const former = await sql.query<FormerRow>`
    select * from former where bucket = ${id} and (key, age) > (${from.key}, ${from.age}) and key >= ${from.key}
      and (${isOpen} = 1 or key < ${upTo}) order by key, age limit ${rows}`
  const all: (Row & Place)[] = [
    ...current.map((row) => ({ ...row, age: -row.sequence, is_marker: 0 as const })),
    ...former,
  ]
  return all.sort(inOrder).slice(0, rows)
}

function inOrder(one: Place, other: Place): number {
  return Buffer.compare(one.key, other.key) || one.age - other.age
}

/** The later of the page's last entry and last common prefix. */
function lastOf(
  versions: readonly VersionEntry[],
  prefixes: readonly string[],
): NonNullable<VersionPage['next']> {
  const entry = versions.at(-1)
  const prefix = prefixes.at(-1)
  const isPrefixLast =
    prefix !== undefined &&
    (entry === undefined || Buffer.compare(keyBytes(prefix), keyBytes(entry.key)) > 0)
  if (isPrefixLast) return { key: prefix }
  return { key: entry?.key ?? '', ...(entry === undefined ? {} : { version: entry.versionId }) }
}
