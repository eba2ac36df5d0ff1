/** Open uploads by key, then by age. Work is bounded by the page: what lies under a common prefix is skipped by one seek. */

import { settled } from '#changelog/settled'
import type { ObjectParts } from '#object/_parts'
import type { UploadRow } from '#object/changes'
import { commonPrefixOf, isCommonPrefix, successorOf } from '#object/list'
import type { BucketName, UploadInfo } from '#object/model'
import { keyBytes, requireBucket, uploadInfo } from '#object/rows'
import type { Queryable } from '#sql/sql'

export interface UploadQuery {
  readonly prefix: string
  readonly delimiter?: string
  /** May be a common prefix, which then is not repeated. */
  readonly afterKey?: string
  readonly afterUploadId?: string
  readonly limit: number
}

export interface UploadPage {
  readonly uploads: readonly UploadInfo[]
  readonly commonPrefixes: readonly string[]
  readonly isTruncated: boolean
}

/** A place between two uploads: the next is the first one behind this key and, of the same key, this sequence. */
interface Cursor {
  readonly key: Uint8Array
  readonly sequence: number
}

const beforeAll = -1
const behindAll = Number.MAX_SAFE_INTEGER

export async function listUploads(
  parts: ObjectParts,
  bucket: BucketName,
  query: UploadQuery,
): Promise<UploadPage> {
  return await settled(parts, async () => {
    const { id } = await requireBucket(parts.sql, bucket)
    return await listPage(parts.sql, { bucket, id }, query)
  })
}

async function listPage(
  sql: Queryable,
  { bucket, id }: { readonly bucket: BucketName; readonly id: number },
  query: UploadQuery,
): Promise<UploadPage> {
  const { prefix, delimiter, limit } = query
  const uploads: UploadInfo[] = []
  const commonPrefixes: string[] = []
  if (limit === 0) return { uploads, commonPrefixes, isTruncated: false }
  let cursor = await startOf(sql, id, query)
  while (cursor !== undefined) {
    const rows = await readRows(sql, { id, cursor, prefix, rows: limit + 1 })
    let next: Cursor | undefined
    for (const row of rows) {
      if (uploads.length + commonPrefixes.length === limit) {
        return { uploads, commonPrefixes, isTruncated: true }
      }
      const common = commonPrefixOf(row.key, { prefix, delimiter })
      if (common === undefined) {
        uploads.push(uploadInfo(bucket, row))
        continue
      }
      commonPrefixes.push(common)
      next = behindPrefix(common)
      break
    }
    cursor = next
  }
  return { uploads, commonPrefixes, isTruncated: false }
}

/**
 * Without an upload id the marker's key is passed whole (S3). An id that is gone (aborted between two pages, as cleaners do) no longer
 * tells how far the client got, so that key's uploads come again: told twice is better than never.
 */
async function startOf(
  sql: Queryable,
  bucket: number,
  { prefix, delimiter, afterKey, afterUploadId }: UploadQuery,
): Promise<Cursor | undefined> {
  if (afterKey === undefined) return { key: keyBytes(prefix), sequence: beforeAll }
  if (isCommonPrefix(afterKey, { prefix, delimiter })) return behindPrefix(afterKey)
  const key = keyBytes(afterKey)
  if (afterUploadId === undefined) return { key, sequence: behindAll }
  const [row] = await sql.query<{ sequence: number }>`
    select sequence from upload where id = ${afterUploadId} and bucket = ${bucket} and key = ${key}`
  return { key, sequence: row?.sequence ?? beforeAll }
}

function behindPrefix(prefix: string): Cursor | undefined {
  const key = successorOf(keyBytes(prefix))
  return key === undefined ? undefined : { key, sequence: beforeAll }
}

/** All open uploads below a prefix, in pages. */
export async function* walkUploads(
  sql: Queryable,
  {
    bucket,
    prefix,
    pageRows,
  }: { readonly bucket: number; readonly prefix: string; readonly pageRows: number },
): AsyncGenerator<readonly UploadRow[]> {
  let cursor: Cursor = { key: keyBytes(prefix), sequence: beforeAll }
  for (;;) {
    const rows = await readRows(sql, { id: bucket, cursor, prefix, rows: pageRows })
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    cursor = last
  }
}

async function readRows(
  sql: Queryable,
  {
    id,
    cursor: { key, sequence },
    prefix,
    rows,
  }: {
    readonly id: number
    readonly cursor: Cursor
    readonly prefix: string
    readonly rows: number
  },
): Promise<readonly UploadRow[]> {
  const end = successorOf(keyBytes(prefix)) ?? Buffer.alloc(0)
  return await sql.query<UploadRow>`
    select * from upload where bucket = ${id} and (key > ${key} or (key = ${key} and sequence > ${sequence}))
      and key >= ${keyBytes(prefix)} and (${end.length} = 0 or key < ${end})
    order by key, sequence limit ${rows}`
}
