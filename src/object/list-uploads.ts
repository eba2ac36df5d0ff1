/** Open uploads by key, then by age. */

import { type ObjectParts, settled } from '#object/_parts'
import type { UploadRow } from '#object/changes'
import { successorOf } from '#object/list'
import type { BucketName, UploadInfo } from '#object/model'
import { keyBytes, keyText, requireBucket, uploadInfo } from '#object/rows'

export interface UploadQuery {
  readonly prefix: string
  readonly delimiter?: string
  readonly afterKey?: string
  readonly afterUploadId?: string
  readonly limit: number
}

export interface UploadPage {
  readonly uploads: readonly UploadInfo[]
  readonly commonPrefixes: readonly string[]
  readonly isTruncated: boolean
}

const pageRows = 1_000

export async function listUploads(
  parts: ObjectParts,
  bucket: BucketName,
  query: UploadQuery,
): Promise<UploadPage> {
  return await settled(parts, async () => {
    const { id } = await requireBucket(parts.sql, bucket)
    const uploads: UploadInfo[] = []
    const commonPrefixes: string[] = []
    for await (const row of scanUploads(parts, id, query)) {
      const key = keyText(row.key)
      const common = commonPrefixOf(key, query)
      if (common !== undefined && commonPrefixes.at(-1) === common) continue
      if (uploads.length + commonPrefixes.length >= query.limit)
        return { uploads, commonPrefixes, isTruncated: true }
      if (common === undefined) uploads.push(uploadInfo(bucket, row))
      else commonPrefixes.push(common)
    }
    return { uploads, commonPrefixes, isTruncated: false }
  })
}

async function* scanUploads(
  parts: ObjectParts,
  bucket: number,
  query: UploadQuery,
): AsyncGenerator<UploadRow> {
  const { prefix, afterKey, afterUploadId } = query
  const end = successorOf(keyBytes(prefix)) ?? Buffer.alloc(0)
  let key = keyBytes(afterKey ?? '')
  let sequence = await sequenceBehind(parts, { afterKey, afterUploadId })
  for (;;) {
    const rows = await parts.sql.query<UploadRow>`
      select * from upload where bucket = ${bucket} and (key > ${key} or (key = ${key} and sequence > ${sequence}))
        and key >= ${keyBytes(prefix)} and (${end.length} = 0 or key < ${end})
      order by key, sequence limit ${pageRows}`
    yield* rows
    const last = rows.at(-1)
    if (last === undefined) return
    key = last.key
    sequence = last.sequence
  }
}

/** Uploads of the marker's own key come again only behind the upload named (S3: without one the key is passed whole). */
async function sequenceBehind(
  parts: ObjectParts,
  {
    afterKey,
    afterUploadId,
  }: { readonly afterKey: string | undefined; readonly afterUploadId: string | undefined },
): Promise<number> {
  if (afterKey === undefined || afterUploadId === undefined) return Number.MAX_SAFE_INTEGER
  const [row] = await parts.sql.query<{
    sequence: number
  }>`select sequence from upload where id = ${afterUploadId}`
  return row?.sequence ?? Number.MAX_SAFE_INTEGER
}

function commonPrefixOf(key: string, { prefix, delimiter }: UploadQuery): string | undefined {
  if (delimiter === undefined || delimiter === '') return undefined
  const found = key.indexOf(delimiter, prefix.length)
  return found < 0 ? undefined : key.slice(0, found + delimiter.length)
}
