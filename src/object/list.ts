/** Listing in bytewise key order, with common prefixes. Work is bounded by the page, not by what lies under a prefix. */

import { settled } from '#changelog/settled'
import type { ObjectParts } from '#object/_parts'
import type { VersionRow } from '#object/changes'
import type { BucketName, ListPage, ListQuery, ObjectInfo } from '#object/model'
import { keyBytes, keyText, objectInfo, requireBucket } from '#object/rows'
import type { Queryable } from '#sql/sql'

export async function listObjects(
  parts: ObjectParts,
  bucket: BucketName,
  query: ListQuery,
): Promise<ListPage> {
  return await settled(parts, async () => {
    const { id } = await requireBucket(parts.sql, bucket)
    return await listPage(parts.sql, { bucket, id }, query)
  })
}

/** Rows read at once while keys keep falling under common prefixes, each of which is skipped by one seek. */
const rowsAfterSkip = 8

async function listPage(
  sql: Queryable,
  { bucket, id }: { readonly bucket: BucketName; readonly id: number },
  { prefix, delimiter, after, limit }: ListQuery,
): Promise<ListPage> {
  const objects: ObjectInfo[] = []
  const commonPrefixes: string[] = []
  if (limit === 0) return { objects, commonPrefixes }
  const end = successorOf(keyBytes(prefix))
  let from: Uint8Array | undefined = startAfter({ prefix, delimiter, after })
  let batch = delimiter === undefined ? limit + 1 : rowsAfterSkip
  while (from !== undefined) {
    const rows = await readRows(sql, { id, from, end, rows: batch })
    let skipTo: { readonly key: Uint8Array | undefined } | undefined
    for (const row of rows) {
      if (objects.length + commonPrefixes.length === limit) {
        return { objects, commonPrefixes, next: lastOf(objects, commonPrefixes) }
      }
      const common = commonPrefixOf(row.key, { prefix, delimiter })
      if (common === undefined) {
        objects.push(objectInfo({ bucket, key: keyText(row.key) }, row))
        continue
      }
      commonPrefixes.push(common)
      skipTo = { key: successorOf(keyBytes(common)) }
      break
    }
    const last = rows.at(-1)
    if (skipTo === undefined && (last === undefined || rows.length < batch)) break
    batch = skipTo === undefined ? Math.min(batch * 2, limit + 1) : rowsAfterSkip
    from = skipTo === undefined && last !== undefined ? keyBehind(last.key) : skipTo?.key
  }
  return { objects, commonPrefixes }
}

/** The least key greater than this one. */
export function keyBehind(key: Uint8Array): Uint8Array {
  return Buffer.concat([key, Buffer.of(0)])
}

async function readRows(
  sql: Queryable,
  {
    id,
    from,
    end,
    rows,
  }: {
    readonly id: number
    readonly from: Uint8Array
    readonly end: Uint8Array | undefined
    readonly rows: number
  },
): Promise<readonly VersionRow[]> {
  if (end === undefined) {
    return await sql.query<VersionRow>`
      select * from version where bucket = ${id} and key >= ${from} order by key limit ${rows}`
  }
  return await sql.query<VersionRow>`
    select * from version where bucket = ${id} and key >= ${from} and key < ${end} order by key limit ${rows}`
}

/** First key that may appear: behind `after`, and behind everything a common prefix `after` stands for. */
function startAfter({
  prefix,
  delimiter,
  after,
}: {
  readonly prefix: string
  readonly delimiter: string | undefined
  readonly after: string | undefined
}): Uint8Array | undefined {
  const start = keyBytes(prefix)
  if (after === undefined) return start
  const behind = isCommonPrefix(after, { prefix, delimiter })
    ? successorOf(keyBytes(after))
    : keyBehind(keyBytes(after))
  return behind === undefined || Buffer.compare(behind, start) > 0 ? behind : start
}

interface Grouping {
  readonly prefix: string
  readonly delimiter: string | undefined
}

/** Whether a marker is what an earlier page told as a common prefix, so that all below it has been told. */
export function isCommonPrefix(marker: string, { prefix, delimiter }: Grouping): boolean {
  return (
    delimiter !== undefined &&
    marker.startsWith(prefix) &&
    marker.length > prefix.length &&
    marker.endsWith(delimiter)
  )
}

/** The key's part up to and with the first delimiter behind the prefix. */
export function commonPrefixOf(
  bytes: Uint8Array,
  { prefix, delimiter }: Grouping,
): string | undefined {
  if (delimiter === undefined || delimiter === '') return undefined
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const found = key.indexOf(delimiter, Buffer.byteLength(prefix), 'utf8')
  return found < 0
    ? undefined
    : key.subarray(0, found + Buffer.byteLength(delimiter)).toString('utf8')
}

/** The least byte string greater than every one that begins with `prefix`; `undefined` when there is none. */
export function successorOf(prefix: Uint8Array): Uint8Array | undefined {
  for (let end = prefix.length; end > 0; end -= 1) {
    const last = prefix[end - 1] ?? 0
    if (last === 0xff) continue
    const successor = Uint8Array.from(prefix.subarray(0, end))
    successor[end - 1] = last + 1
    return successor
  }
  return undefined
}

/** The greater of the page's last key and last common prefix, bytewise. */
function lastOf(objects: readonly ObjectInfo[], prefixes: readonly string[]): string {
  const key = objects.at(-1)?.key ?? ''
  const prefix = prefixes.at(-1) ?? ''
  return Buffer.compare(keyBytes(key), keyBytes(prefix)) > 0 ? key : prefix
}
