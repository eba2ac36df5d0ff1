/** Versions and markers as lifecycle rules see them: walked page by page, or one by one inside a commit. */
import type { Place } from '#object/_versions'
import type { FormerRow, FoundVersion } from '#object/changes'
import type { LifecycleEntry } from '#object/lifecycle-plan'
import { successorOf } from '#object/list'
import { newestAge, readEntries } from '#object/list-versions'
import { classOf, keyBytes, keyText, traitsOf } from '#object/rows'
import type { AnyVersion } from '#object/versions'
import type { Queryable } from '#sql/sql'

/** More of them than any rule can ask to be kept. */
const newerFormersMax = 1_000

/** Where an entry stands in its key's stack. */
interface Standing {
  /** 0: the newest. */
  readonly depth: number
  /** Of an entry that is not the newest: when the one above it was written. */
  readonly replacedAt: number
  /** There is nothing below the newest. */
  readonly isAlone: boolean
}

export interface WalkedEntry {
  readonly key: Uint8Array
  readonly sequence: number
  readonly entry: LifecycleEntry
}

/** All entries of keys below a prefix, in pages. What is said of a page was so when it was read. */
export async function* walkEntries(
  sql: Queryable,
  {
    bucket,
    prefix,
    pageRows,
  }: {
    readonly bucket: number
    readonly prefix: string
    readonly pageRows: number
  },
): AsyncGenerator<readonly WalkedEntry[]> {
  const end = successorOf(keyBytes(prefix))
  let from = { key: keyBytes(prefix), age: newestAge }
  let above: { readonly key: Uint8Array; readonly at: number; readonly depth: number } | undefined
  for (;;) {
    const rows = await readEntries(sql, { id: bucket, from, end, rows: pageRows })
    const page: WalkedEntry[] = []
    for (const [index, row] of rows.entries()) {
      const { key, sequence, at } = row
      const isBelow = above !== undefined && isSame(above.key, key)
      const depth: number = isBelow && above !== undefined ? above.depth + 1 : 0
      const next = rows[index + 1]
      // Behind the page's last entry there may be more of its key: whoever acts looks again.
      const isAlone = next === undefined || !isSame(next.key, key)
      const standing = { depth, replacedAt: above?.at ?? at, isAlone }
      page.push({ key, sequence, entry: entryOf(keyText(key), row, standing) })
      above = { key, at, depth }
    }
    if (page.length > 0) yield page
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    from = { key: last.key, age: last.age }
  }
}

/** One entry as it stands now; `undefined` when it is no more. */
export async function findEntry(
  tx: Queryable,
  place: Place,
  sequence: number,
): Promise<{ readonly row: AnyVersion; readonly entry: LifecycleEntry } | undefined> {
  const { bucket, key } = place
  const [current] = await tx.query<FoundVersion>`
    select * from version where bucket = ${bucket} and key = ${key}`
  if (current?.sequence === sequence) {
    const row = { ...current, is_marker: 0 as const }
    return { row, entry: entryOf(keyText(key), row, { depth: 0, replacedAt: 0, isAlone: false }) }
  }
  const [row] = await tx.query<FormerRow>`
    select * from former where bucket = ${bucket} and key = ${key} and age = ${-sequence}`
  if (row === undefined) return undefined
  const newer = await tx.query<{ at: number }>`
    select at from former where bucket = ${bucket} and key = ${key} and age < ${row.age}
    order by age desc limit ${newerFormersMax}`
  const older = await tx.query`
    select 1 as found from former where bucket = ${bucket} and key = ${key} and age > ${row.age} limit 1`
  const depth = newer.length + (current === undefined ? 0 : 1)
  const replacedAt = newer[0]?.at ?? current?.at ?? row.at
  const standing = { depth, replacedAt, isAlone: older.length === 0 }
  return { row, entry: entryOf(keyText(key), row, standing) }
}

function entryOf(
  key: string,
  row: AnyVersion,
  { depth, replacedAt, isAlone }: Standing,
): LifecycleEntry {
  const isMarker = row.is_marker === 1
  if (isMarker && depth === 0) return { state: 'marker', key, writtenAt: row.at, isAlone }
  const replaced = { replacedAt, newerFormers: depth - 1 }
  if (isMarker) return { state: 'former-marker', key, ...replaced }
  const traits = traitsOf(row)
  const stored = {
    key,
    writtenAt: row.at,
    bytes: row.bytes,
    tags: traits.tags ?? [],
    storageClass: classOf(traits),
  }
  return depth === 0 ? { state: 'current', ...stored } : { state: 'former', ...stored, ...replaced }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
