/** A store's metadata from one database into another one, of another kind perhaps: every row of every table, and proof that they are the same. */
import assert from 'node:assert/strict'
import type { ChangeRoom } from '#changelog/change'
import { changelogFault } from '#changelog/faults'
import { migrate, roomsByName } from '#changelog/rooms'
import { snapshotRoom } from '#changelog/snapshot-room'
import { createState, readState } from '#changelog/state'
import { openDigest } from '#crypto/digest'
import { listTables, type Table } from '#sql/catalog'
import type { Queryable, Sql, SqlRow, SqlValue } from '#sql/sql'
import { quoted, templateOf } from '#sql/template'

/** Some rows of the outbox weigh 256 KiB. */
const pageRows = 200

export interface CopyOptions {
  readonly from: Sql
  /** Without tables. Whole only when `copyDatabase` returns. */
  readonly to: Sql
  readonly rooms: readonly ChangeRoom[]
  readonly onProgress: (progress: CopyProgress) => void
}

export interface CopyProgress {
  readonly step: 'copying' | 'comparing'
  readonly table: string
  readonly rows: number
}

export interface CopyReport {
  readonly tables: number
  readonly rows: number
}

/**
 * Brings the tables of `from` up to this version first, as a start would. `changelog/database-missing` when it is no store's,
 * `changelog/copy-differs` when what was written is not what is read back.
 */
export async function copyDatabase(options: CopyOptions): Promise<CopyReport> {
  const { from, to } = options
  const rooms = roomsByName([snapshotRoom, ...options.rooms])
  const state = await readState(from)
  if (state === undefined)
    throw changelogFault('changelog/database-missing', { reason: 'there is no store in it' })
  await from.transaction((tx) => migrate(tx, rooms))
  await to.transaction(async (tx) => {
    await createState(tx, state)
    await migrate(tx, rooms)
    for (const { name } of await listTables(tx))
      await tx.query(templateOf([`delete from ${quoted(name)}`]))
  })
  return await from.view(async (view) => {
    const tables = await listTables(view)
    requireSame(tables, await listTables(to))
    let rows = 0
    for (const table of tables) {
      const written = await copyTable(view, table, options)
      await to.view((copy) => compareTable(copy, table, { written, options }))
      rows += written.rows
    }
    return { tables: tables.length, rows }
  })
}

interface Contents {
  readonly rows: number
  readonly digest: Uint8Array
}

async function copyTable(
  view: Queryable,
  table: Table,
  { to, onProgress }: CopyOptions,
): Promise<Contents> {
  const { name, columns } = table
  const places = [...Array(columns.length - 1).fill(', '), ')']
  const insert = templateOf([`insert into ${quoted(name)} (${list(columns)}) values (`, ...places])
  const contents = new Reading()
  for await (const page of pagesOf(view, table)) {
    await to.transaction(async (tx) => {
      await Promise.all(page.map((row) => tx.query(insert, ...columns.map(valueIn(row)))))
    })
    contents.add(table, page)
    onProgress({ step: 'copying', table: name, rows: contents.rows })
  }
  return contents.end()
}

async function compareTable(
  copy: Queryable,
  table: Table,
  { written, options }: { readonly written: Contents; readonly options: CopyOptions },
): Promise<void> {
  const contents = new Reading()
  for await (const page of pagesOf(copy, table)) {
    contents.add(table, page)
    options.onProgress({ step: 'comparing', table: table.name, rows: contents.rows })
  }
  const { rows, digest } = contents.end()
  if (rows !== written.rows || Buffer.compare(digest, written.digest) !== 0)
    throw changelogFault('changelog/copy-differs', { table: table.name })
}

/** All rows in the order of the primary key, which is the same in every database. */
async function* pagesOf(
  queryable: Queryable,
  { name, columns, key }: Table,
): AsyncGenerator<readonly SqlRow[], void, undefined> {
  assert(key.length > 0, `table ${name} has no primary key`)
  const select = `select ${list(columns)} from ${quoted(name)}`
  const end = `order by ${list(key)} limit ${pageRows}`
  const places = Array(key.length - 1).fill(', ')
  const first = templateOf([`${select} ${end}`])
  const next = templateOf([`${select} where (${list(key)}) > (`, ...places, `) ${end}`])
  let page = await queryable.query(first)
  for (;;) {
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    page = await queryable.query(next, ...key.map(valueIn(last)))
  }
}

/** What rows hold, in words that do not depend on the database. */
class Reading {
  readonly #digest = openDigest('sha256')
  #rows = 0

  get rows(): number {
    return this.#rows
  }

  add({ columns }: Table, page: readonly SqlRow[]): void {
    for (const row of page) {
      this.#rows += 1
      for (const value of columns.map(valueIn(row))) this.#digest.update(encode(value))
    }
  }

  end(): Contents {
    return { rows: this.#rows, digest: this.#digest.digest() }
  }
}

/** What it is and how long, so that no two rows look alike. */
function encode(value: SqlValue): Uint8Array {
  if (value === null) return Buffer.from('null ')
  if (value instanceof Uint8Array)
    return Buffer.concat([Buffer.from(`bytes ${value.length} `), value])
  const text = Buffer.from(String(value))
  return Buffer.concat([
    Buffer.from(`${typeof value === 'string' ? 'text' : 'number'} ${text.length} `),
    text,
  ])
}

function valueIn(row: SqlRow): (column: string) => SqlValue {
  return (column) => row[column] ?? null
}

function list(columns: readonly string[]): string {
  return columns.map(quoted).join(', ')
}

function requireSame(tables: readonly Table[], copies: readonly Table[]): void {
  const known = new Set(copies.map((table) => JSON.stringify(table)))
  const unknown = tables.find((table) => !known.has(JSON.stringify(table)))
  if (unknown !== undefined) throw changelogFault('changelog/copy-differs', { table: unknown.name })
}
